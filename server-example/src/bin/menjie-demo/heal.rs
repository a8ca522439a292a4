//! After the storm: the fault switches are off, and everything must come to rest by itself. What is held by then needs a
//! person; the demo is one.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::deploy::Deployed;
use crate::staff::Staff;

/// HIS may be blind for a minute before it is asked to cancel; then a refund, its unlocking, a second look at closed orders.
const BOUND: Duration = Duration::from_secs(150);

/// Turns the faults off and waits until no work is open. The seconds it took; an error when it did not come to rest.
pub(crate) async fn heal(deployed: &Deployed, staff: &Staff<'_>) -> Result<u64, String> {
    deployed.sim.with(|hospital, _| hospital.faults.clear());
    let begun = Instant::now();
    let mut round = 0;
    loop {
        let open = staff.open_work().await?;
        if open == 0 {
            round += 1;
            if staff.ask_again(round).await? == 0 {
                return Ok(begun.elapsed().as_secs());
            }
        }
        if begun.elapsed() > BOUND {
            return Err(format!("{open} acts, polls or timers are still open after {} s without faults (I22)", BOUND.as_secs()));
        }
        sleep(Duration::from_millis(300)).await;
    }
}
