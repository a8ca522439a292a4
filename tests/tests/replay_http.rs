//! The HTTP replay itself, over the smallest server that keeps the contract, and over one that does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use menjie::error::Code;
use menjie_bridge::{Reach, Reply, call_alone, find};
use menjie_tests::http::Server;
use menjie_tests::vectors::{Host, load, replay_http};

/// Answers one request after the other until the listener is dropped with the process.
fn serve(answer: fn(&str, &str) -> Reply) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || listener.incoming().for_each(|stream| one(stream.unwrap(), answer)));
    Server { address, token: Some("secret".to_owned()) }
}

fn one(mut stream: TcpStream, answer: fn(&str, &str) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    assert!(lines.iter().any(|line| line == "Authorization: Bearer secret"));
    let length: usize = lines.iter().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let op = lines[0].split(' ').nth(1).unwrap().strip_prefix("/api/v1/ops/").unwrap();
    let reply = answer(op, std::str::from_utf8(&body).unwrap());
    let status = if reply.is_response() { "200 OK" } else { "400 Bad Request" };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", reply.json().len(), reply.json()).unwrap();
}

fn by_contract(op: &str, request: &str) -> Reply {
    match find(op) {
        Ok(op) if op.reach == Reach::Network => call_alone(op.name, request),
        _ => Reply::from(&menjie::Error::new(Code::UnknownOperation)),
    }
}

#[test]
fn a_server_that_keeps_the_contract_passes() {
    assert_eq!(replay_http(&serve(by_contract)).unwrap(), load(Host::Http).unwrap().len());
}

#[test]
fn a_server_that_offers_keys_over_the_network_or_answers_wrongly_is_noticed() {
    let wrong = replay_http(&serve(call_alone)).unwrap_err();
    assert!(wrong.iter().any(|text| text.starts_with("gm/sm3.json")) && !wrong.iter().any(|text| text.starts_with("bill/")), "{wrong:?}");
    let wrong = replay_http(&serve(|_, _| call_alone("echo", r#"{"value":"what no vector expects"}"#))).unwrap_err();
    assert_eq!(wrong.len(), load(Host::Http).unwrap().len());
    let nobody = Server { address: "127.0.0.1:9".to_owned(), token: None };
    assert_eq!(replay_http(&nobody).unwrap_err().len(), load(Host::Http).unwrap().len());
}
