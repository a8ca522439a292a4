//! A patient's session at the server: begun by what he shows, its token kept here and shown with every call until he has gone.

use std::sync::{MutexGuard, PoisonError};

use menjie::access::Private;
use menjie::error::Code;
use menjie::{Error, Result};
use menjie_transport::Exchange;
use serde_json::{Value, json};

use super::{Remote, Server, told};
use crate::envelope::Reply;
use crate::session::{ChooseRequest, ExitRequest, ExitResponse, IdentifyRequest, SendCodeRequest};
use crate::strict;

/// Who stands here, by the token of his session.
#[derive(Default)]
pub(super) struct Standing {
    token: Option<Private>,
    /// Counts those who came and those who left. An answer that was waited for longer than that lets nobody in.
    turn: u64,
}

impl Server {
    /// Runs `session.*` by the server's own routes.
    pub(super) async fn session(&self, op: &str, request: &str) -> Result<Remote> {
        match op {
            "session.identify" => {
                let IdentifyRequest { way, token, code } = strict::request(request)?;
                // Whoever stood here before has gone, whatever becomes of this; a session that the server does not hear of ends by itself.
                let turn = self.exit().await?.0;
                let mut shown = json!({ "way": way, "token": token.reveal(), "bearer": true });
                if let (Some(code), Some(members)) = (code, shown.as_object_mut()) {
                    members.insert("code".to_owned(), code.reveal().into());
                }
                self.enter(turn, None, "/api/v1/identify", &shown).await
            }
            "session.send_code" => {
                let SendCodeRequest { phone } = strict::request(request)?;
                Ok(told(self.post("/api/v1/identify/sms".to_owned(), json!({ "phone": phone.reveal() }).to_string(), None).await?))
            }
            "session.choose" => {
                let ChooseRequest { choice } = strict::request(request)?;
                let (turn, chooser) = {
                    let standing = self.standing();
                    (standing.turn, standing.token.clone())
                };
                self.enter(turn, chooser, "/api/v1/identify/choose", &json!({ "choice": choice, "bearer": true })).await
            }
            _ => {
                let ExitRequest {} = strict::request(request)?;
                self.exit().await.map(|(_, told)| told)
            }
        }
    }

    /// The token of the patient who stands here.
    pub(super) fn patient(&self) -> Option<Private> {
        self.standing().token.clone()
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.patient.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a token for whoever's turn it still is.
    fn keep(&self, turn: u64, token: &Private) -> bool {
        let mut standing = self.standing();
        let still = standing.turn == turn;
        if still {
            standing.token = Some(token.clone());
        }
        still
    }

    async fn enter(&self, turn: u64, bearer: Option<Private>, path: &str, body: &Value) -> Result<Remote> {
        let answered = told(self.post(path.to_owned(), body.to_string(), bearer).await?);
        let Remote::Answered(reply) = &answered else { return Ok(answered) };
        let Some(mut shown) = reply.is_response().then(|| serde_json::from_str::<Value>(reply.json()).ok()).flatten() else { return Ok(answered) };
        match shown.as_object_mut().and_then(|members| members.remove("token")) {
            Some(Value::String(token)) => {
                let token = Private::new(token);
                if !self.keep(turn, &token) {
                    // The next one has come, or he has left: nobody may act as him here, and his session is ended as far as the server can be told.
                    drop(self.end(token).await);
                    return Err(Error::new(Code::NotFound).with("problem", "session.identify or session.exit was called meanwhile; nobody is identified by this"));
                }
            }
            // A server that opens a session and does not say which is none that this engine can speak to.
            _ if shown.get("decision").is_none_or(|decision| decision != "refused") => return Ok(Remote::Unknown("no_token".to_owned())),
            _ => {}
        }
        Ok(Remote::Answered(Reply::of(Ok(shown.to_string()))))
    }

    /// The token is forgotten whether or not the server could be told. Whose turn it is from now on, and what the server said.
    async fn exit(&self) -> Result<(u64, Remote)> {
        let (turn, left) = {
            let mut standing = self.standing();
            standing.turn += 1;
            (standing.turn, standing.token.take())
        };
        let Some(token) = left else { return Ok((turn, ended(false))) };
        Ok((turn, self.end(token).await?))
    }

    async fn end(&self, token: Private) -> Result<Remote> {
        Ok(match self.post("/api/v1/exit".to_owned(), "{}".to_owned(), Some(token)).await? {
            Exchange::Answered(answer) if answer.status == 204 => ended(true),
            other => told(other),
        })
    }
}

fn ended(ended: bool) -> Remote {
    let response = serde_json::to_string(&ExitResponse { ended }).map_err(|_| Error::internal("responses serialise"));
    Remote::Answered(Reply::of(response))
}

#[cfg(all(test, feature = "ports"))]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use tokio::runtime::{Builder, Runtime};

    use super::*;

    /// Reads a request, tells it as `path bearer body`, and answers, if need be only when somebody says so.
    fn answer(mut stream: TcpStream, status: &str, json: &str, tell: &Sender<String>, gate: Option<Receiver<()>>) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            reader.read_line(&mut head).unwrap();
        }
        let after = |name: &str| head.lines().find_map(|line| line.to_ascii_lowercase().starts_with(name).then(|| line[name.len()..].trim().to_owned()));
        let mut body = vec![0; after("content-length:").unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let bearer = after("authorization:").unwrap_or_else(|| "nobody".to_owned());
        tell.send(format!("{} {} {}", head.split(' ').nth(1).unwrap(), bearer.trim_start_matches("Bearer "), String::from_utf8(body).unwrap())).unwrap();
        if let Some(gate) = gate {
            gate.recv().unwrap();
        }
        write!(stream, "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}", json.len()).unwrap();
    }

    /// Answers so many requests, one a connection.
    fn server(answers: Vec<(&'static str, &'static str)>) -> (String, Receiver<String>) {
        let (url, told, let_go) = slow_server(0, answers);
        let_go.send(()).unwrap();
        (url, told)
    }

    /// The same, but one answer waits until it is let go.
    fn slow_server(slow: usize, answers: Vec<(&'static str, &'static str)>) -> (String, Receiver<String>, Sender<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ((tell, told), (let_go, gate)) = (channel(), channel());
        std::thread::spawn(move || {
            let mut gate = Some(gate);
            for (nth, (status, json)) in answers.into_iter().enumerate() {
                let (stream, _) = listener.accept().unwrap();
                let (tell, gate) = (tell.clone(), gate.take_if(|_| nth == slow));
                std::thread::spawn(move || answer(stream, status, json, &tell, gate));
            }
        });
        (format!("http://{address}"), told, let_go)
    }

    fn ask(runtime: &Runtime, server: &Server, op: &str, request: &str) -> (u16, Value) {
        let reply = runtime.block_on(server.call(op, request)).unwrap().into_reply();
        (reply.code(), serde_json::from_str(reply.json()).unwrap())
    }

    const CARD: &str = r#"{"way":"visit_no","token":"K1"}"#;
    const OPEN: &str = r#"{"decision":"identified","name":"张*","expires_at":"2026-03-10T10:00:00.000+08:00","patient_id":"P1","token":"t1"}"#;
    const SEVERAL: &str = r#"{"decision":"choose","choices":[{"choice":0,"name":"张*"},{"choice":1,"name":"张*"}],"expires_at":"2026-03-10T10:00:00.000+08:00","token":"t0"}"#;
    const NEXT: &str = r#"{"decision":"identified","name":"李*","expires_at":"2026-03-10T10:00:00.000+08:00","patient_id":"P2","token":"t2"}"#;
    const NOBODY: &str = r#"{"decision":"refused","reason":"no_file","text":"未找到就诊档案","next":"到窗口"}"#;

    #[test]
    fn whoever_identifies_himself_makes_the_later_calls_until_he_leaves() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (url, told) = server(vec![("200 OK", OPEN), ("200 OK", "{}"), ("204 No Content", ""), ("200 OK", "{}")]);
        let server = Server::at(&url, Some(Private::new("own"))).unwrap();
        let (code, shown) = ask(&runtime, &server, "session.identify", CARD);
        assert_eq!((code, &shown["patient_id"]), (0, &json!("P1")));
        assert!(shown.get("token").is_none(), "a program holds no token: {shown}");
        assert_eq!(ask(&runtime, &server, "visit.unpaid", r#"{"patient_id":"P1"}"#).0, 0);
        assert_eq!(ask(&runtime, &server, "session.exit", "{}"), (0, json!({"ended": true})));
        assert_eq!(ask(&runtime, &server, "session.exit", "{}"), (0, json!({"ended": false})), "nothing is sent for nobody");
        assert_eq!(ask(&runtime, &server, "audit.run", "{}").0, 0);
        let sent: Vec<String> = told.iter().collect();
        let heads: Vec<&str> = sent.iter().map(|line| line.rsplit_once(" {").unwrap().0).collect();
        assert_eq!(heads, ["/api/v1/identify nobody", "/api/v1/ops/visit.unpaid t1", "/api/v1/exit t1", "/api/v1/ops/audit.run own"]);
        assert!(sent[0].contains(r#""bearer":true"#) && sent[0].contains(r#""token":"K1""#), "{}", sent[0]);
    }

    #[test]
    fn a_phone_is_told_to_the_server_with_the_code_that_was_sent_to_it() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let sent = r#"{"decision":"sent","delivery":"taken","expires_at":"2026-03-10T10:05:00.000+08:00","resend_at":"2026-03-10T10:01:00.000+08:00"}"#;
        let (url, told) = server(vec![("200 OK", sent), ("200 OK", OPEN), ("200 OK", "{}")]);
        let server = Server::at(&url, None).unwrap();
        assert_eq!(ask(&runtime, &server, "session.send_code", r#"{"phone":"13900000001"}"#).1["decision"], "sent");
        let by_phone = r#"{"way":"phone","token":"13900000001","code":"123456"}"#;
        assert_eq!(ask(&runtime, &server, "session.identify", by_phone).1["patient_id"], "P1");
        ask(&runtime, &server, "visit.unpaid", r#"{"patient_id":"P1"}"#);
        let lines: Vec<String> = told.iter().collect();
        assert_eq!(lines[0], r#"/api/v1/identify/sms nobody {"phone":"13900000001"}"#);
        assert!(lines[1].starts_with("/api/v1/identify nobody ") && lines[1].contains(r#""code":"123456""#), "{}", lines[1]);
        assert!(lines[2].starts_with("/api/v1/ops/visit.unpaid t1"), "{}", lines[2]);
    }

    #[test]
    fn the_next_one_never_acts_as_the_last_one() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (url, told) = server(vec![("200 OK", OPEN), ("204 No Content", ""), ("200 OK", NOBODY), ("401 Unauthorized", "{}")]);
        let server = Server::at(&url, None).unwrap();
        ask(&runtime, &server, "session.identify", CARD);
        assert_eq!(ask(&runtime, &server, "session.identify", CARD).1["decision"], "refused");
        ask(&runtime, &server, "visit.unpaid", r#"{"patient_id":"P1"}"#);
        let bearers: Vec<String> = told.iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
        assert_eq!(bearers, ["nobody", "t1", "nobody", "nobody"]);
    }

    #[test]
    fn an_answer_that_comes_too_late_lets_nobody_in() {
        for leaves in [false, true] {
            let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            let mut answers = vec![("200 OK", OPEN)];
            if !leaves {
                answers.push(("200 OK", NEXT));
            }
            answers.extend([("204 No Content", ""), ("200 OK", "{}")]);
            let (url, told, let_go) = slow_server(0, answers);
            let server = std::sync::Arc::new(Server::at(&url, None).unwrap());
            let first = {
                let server = std::sync::Arc::clone(&server);
                runtime.spawn(async move { server.call("session.identify", CARD).await })
            };
            assert_eq!(told.recv().unwrap().split(' ').next(), Some("/api/v1/identify"), "the first one is being asked about");
            if leaves {
                assert_eq!(ask(&runtime, &server, "session.exit", "{}"), (0, json!({"ended": false})));
            } else {
                assert_eq!(ask(&runtime, &server, "session.identify", CARD).1["patient_id"], "P2");
                told.recv().unwrap();
            }
            let_go.send(()).unwrap();
            let late = runtime.block_on(first).unwrap().unwrap_err();
            assert_eq!(late.code(), Code::NotFound, "{late}");
            assert!(told.recv().unwrap().starts_with("/api/v1/exit t1 "), "his session is ended");
            ask(&runtime, &server, "visit.unpaid", r#"{"patient_id":"P2"}"#);
            let bearer = if leaves { "nobody" } else { "t2" };
            assert!(told.recv().unwrap().starts_with(&format!("/api/v1/ops/visit.unpaid {bearer} ")));
        }
    }

    /// A screen goes on asking while its patient chooses: neither takes the session from the other.
    #[test]
    fn a_file_is_chosen_beside_a_call_that_is_under_way() {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (url, told, let_go) = slow_server(1, vec![("200 OK", SEVERAL), ("200 OK", r#"{"now":1}"#), ("200 OK", OPEN), ("200 OK", "{}")]);
        let server = std::sync::Arc::new(Server::at(&url, None).unwrap());
        assert_eq!(ask(&runtime, &server, "session.identify", CARD).1["decision"], "choose");
        told.recv().unwrap();
        let beside = {
            let server = std::sync::Arc::clone(&server);
            runtime.spawn(async move { server.call("visit.unpaid", r#"{"patient_id":"P1"}"#).await })
        };
        assert!(told.recv().unwrap().starts_with("/api/v1/ops/visit.unpaid t0 "), "it is under way as the one who chooses");
        assert_eq!(ask(&runtime, &server, "session.choose", r#"{"choice":1}"#).1["patient_id"], "P1");
        assert_eq!(told.recv().unwrap(), r#"/api/v1/identify/choose t0 {"bearer":true,"choice":1}"#);
        let_go.send(()).unwrap();
        let reply = runtime.block_on(beside).unwrap().unwrap().into_reply();
        assert_eq!((reply.code(), reply.json()), (0, r#"{"now":1}"#));
        ask(&runtime, &server, "visit.unpaid", r#"{"patient_id":"P1"}"#);
        assert!(told.recv().unwrap().starts_with("/api/v1/ops/visit.unpaid t1 "), "he is the one he has chosen");
        assert_eq!(told.try_iter().count(), 0, "nobody was sent away");
    }

    /// The next one has come while the choice of the one before was on its way.
    #[test]
    fn a_choice_that_is_answered_too_late_lets_nobody_in() {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (url, told, let_go) = slow_server(1, vec![("200 OK", SEVERAL), ("200 OK", OPEN), ("204 No Content", ""), ("200 OK", NEXT), ("204 No Content", ""), ("200 OK", "{}")]);
        let server = std::sync::Arc::new(Server::at(&url, None).unwrap());
        ask(&runtime, &server, "session.identify", CARD);
        told.recv().unwrap();
        let choice = {
            let server = std::sync::Arc::clone(&server);
            runtime.spawn(async move { server.call("session.choose", r#"{"choice":0}"#).await })
        };
        assert!(told.recv().unwrap().starts_with("/api/v1/identify/choose t0 "));
        assert_eq!(ask(&runtime, &server, "session.identify", CARD).1["patient_id"], "P2");
        assert!(told.recv().unwrap().starts_with("/api/v1/exit t0 ") && told.recv().unwrap().starts_with("/api/v1/identify nobody "));
        let_go.send(()).unwrap();
        assert_eq!(runtime.block_on(choice).unwrap().unwrap_err().code(), Code::NotFound);
        assert!(told.recv().unwrap().starts_with("/api/v1/exit t1 "), "what was chosen is ended");
        ask(&runtime, &server, "visit.unpaid", r#"{"patient_id":"P2"}"#);
        assert!(told.recv().unwrap().starts_with("/api/v1/ops/visit.unpaid t2 "));
    }

    #[test]
    fn a_session_is_forgotten_when_the_server_is_away_and_one_without_a_token_is_none() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (url, told) = server(vec![("200 OK", OPEN)]);
        let server = Server::at(&url, None).unwrap();
        ask(&runtime, &server, "session.identify", CARD);
        assert_eq!(told.iter().count(), 1);
        let away = ask(&runtime, &server, "session.exit", "{}").0;
        assert!([710, 711].contains(&away), "{away}");
        assert_eq!(ask(&runtime, &server, "session.exit", "{}"), (0, json!({"ended": false})));
        let (url, _told) = self::server(vec![("200 OK", r#"{"decision":"identified","name":"张*"}"#)]);
        assert_eq!(ask(&runtime, &Server::at(&url, None).unwrap(), "session.identify", CARD).0, 711);
        let wrong = runtime.block_on(Server::at(&url, None).unwrap().call("session.identify", r#"{"way":"visit_no"}"#)).unwrap_err();
        assert_eq!(wrong.code(), menjie::error::Code::BadRequest);
    }
}
