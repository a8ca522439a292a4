//! A day of every payer: insured bills with insurance, the rest in cash; refunds of parts and of all, approved by staff; what was
//! prescribed anew paid again; and in the end the day reconciled on four sides through the API.

use std::time::Duration;

use menjie::calendar::BizDate;
use menjie_sim::faults::Faults;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::arguments::Arguments;
use crate::day::{announce, close, each, finish, serve_all};
use crate::deploy::{Deployed, client};
use crate::doors::Doors;
use crate::heal::heal;
use crate::journey::text;
use crate::refunding::{Asked, approve, ask, cross_month, prescribe_again};
use crate::say::say;
use crate::staff::Staff;

/// Longer than the longest wait of a read.
const TIMEOUT: Duration = Duration::from_secs(40);

/// Runs the day. `true` when it closes without a violation and balances.
pub(crate) async fn run(deployed: &Deployed, arguments: &Arguments) -> Result<bool, String> {
    announce(deployed, arguments);
    let client = client(TIMEOUT)?;
    let staff = Staff::new(client.clone(), deployed);
    let first = today(deployed);
    let begun = Instant::now();
    let mut complaints = serve_all(deployed, &client, "day", "缴费 paying  ", &Doors::open()).await?;
    complaints.extend(close(deployed, &client, arguments.faults.is_some()).await?);
    say(&format!("缴费阶段 {} s", begun.elapsed().as_secs()));

    // The storm goes on while money goes back.
    if let Some(seed) = arguments.faults {
        deployed.sim.with(|hospital, _| hospital.faults = Faults::bad_day(seed.wrapping_add(1)));
    }
    let mut asked = Asked::default();
    for result in each(deployed, &client, "退费 refunding", &Doors::open(), |mut desk, patient| async move { ask(&mut desk, &patient).await }).await? {
        match result {
            Ok(one) => asked.add(one),
            Err(complaint) => complaints.push(complaint),
        }
    }
    let decisions = approve(deployed, &client).await?;
    heal(deployed, &staff).await?;
    let refused = cross_month(&staff, &asked.insured).await?;
    let lines = prescribe_again(deployed, &asked.insured_lines)?;
    complaints.extend(serve_all(deployed, &client, "new", "新处方 again  ", &Doors::open()).await?);
    let seconds = heal(deployed, &staff).await?;
    say(&format!("退费阶段 refunds asked for {:?}, refused {:?}; {decisions} decisions; {lines} lines prescribed anew; at rest after {seconds} s", asked.accepted, asked.refused));
    say(&format!("跨月退费 across the month: {refused} of {} asked again as of next month, all refused by the rule", asked.insured.len()));
    if asked.accepted.values().sum::<u64>() == 0 || decisions == 0 {
        complaints.push("nothing was refunded: the day proves nothing about refunds".to_owned());
    }

    let closed = finish(deployed, &client, deployed.day.patients.len(), complaints).await?;
    let mut balanced = true;
    for date in [first, today(deployed)] {
        balanced &= reconcile(&staff, date).await?;
        if first == today(deployed) {
            break;
        }
    }
    say(&format!("全程 {} s", begun.elapsed().as_secs()));
    Ok(closed && balanced)
}

/// The day by the simulators' clock, which is the machine's.
fn today(deployed: &Deployed) -> BizDate {
    deployed.sim.with(|_, now| now.biz_date())
}

/// The four sides of a day, as the server finds them. `true` when they balance, or only midnight stands between.
async fn reconcile(staff: &Staff<'_>, date: BizDate) -> Result<bool, String> {
    let answer = staff.post(&format!("/api/v1/recon/{date}"), &json!({ "key": format!("demo-{date}") })).await?;
    let Some(day) = answer.get("day") else { return Err(format!("{date} is not reconciled: {answer}")) };
    let number = |place: &str| day.pointer(place).and_then(Value::as_i64).unwrap_or_default();
    say("");
    say(&format!("四方对账 reconciliation {date}"));
    for (name, side) in [("渠道 channel", "channel"), ("医保 insurer", "insurer"), ("HIS", "his"), ("账簿 ledger", "ledger")] {
        say(&format!("  {name:<16} {:>6} rows {:>14} fen", number(&format!("/summary/{side}/rows")), number(&format!("/summary/{side}/net_fen"))));
    }
    let outside = number("/summary/channel/net_fen") + number("/summary/insurer/net_fen");
    let conclusion = day.pointer("/summary/conclusion").and_then(Value::as_str).unwrap_or_default().to_owned();
    let items: Vec<&Value> = day.get("items").and_then(Value::as_array).into_iter().flatten().filter(|item| text(item, "state").as_deref() != Some("even")).collect();
    for item in &items {
        say(&format!("  ! {item}"));
    }
    // At rest nothing waits but what stands at midnight.
    let at_the_edge = usize::try_from(number("/summary/suspended")).is_ok_and(|suspended| suspended == items.len());
    let even = outside == number("/summary/his/net_fen") && outside == number("/summary/ledger/net_fen");
    let balanced = at_the_edge && (even || !items.is_empty());
    let matched = number("/summary/movements/matched");
    say(&format!("reconciliation {}: {matched} movements matched, {} differ, {outside} fen outside, {conclusion}", if balanced { "ok" } else { "NOT ok" }, items.len()));
    Ok(balanced)
}
