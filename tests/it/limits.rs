//! What one caller, one address and one connection may hold, so that there is room for others.

use std::io;
use std::time::{Duration, Instant};

use baton_wire::status::Reason;
use baton_wire::v1::{GetProfileRequest, Role};
use bytes::Bytes;
use futures::future::join_all;
use prost::Message as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::fuzz::connection::connector;
use crate::harness::*;

/// A call's body here: nine of them are within a credential's share, ten are not.
const LARGE: usize = 7 * 1024 * 1024;
/// As `OF_ONE_CREDENTIAL_MAX` of the server's bodies says.
const SHARE: usize = 64 * 1024 * 1024;
/// As `OPEN_AT_ONCE_MAX` says.
const OPEN_STREAMS: usize = 8;
/// As `OF_ONE_CREDENTIAL_MAX` of the server's connections says.
const CONNECTIONS: usize = 128;
/// Of a call while nothing is decided: long enough to take its body in, and shorter than SQLite
/// waits for whoever holds the database.
const DEADLINE: Duration = Duration::from_secs(7);
/// A connection that is not read from is gone after this, and not before that.
const GONE: Duration = Duration::from_secs(40);
const KEPT: Duration = Duration::from_secs(10);
/// Questions after which a place that was given back is there again.
const QUESTIONS: usize = 10_000;

/// A call with a large body that asks for little: of a field that is there twice, the last counts.
fn large(parent: &str, name: &str) -> Bytes {
    let mut bytes = GetProfileRequest {
        parent: "x".repeat(LARGE),
        ..Default::default()
    }
    .encode_to_vec();
    let asked = GetProfileRequest {
        parent: parent.to_owned(),
        name: name.to_owned(),
        kinds: Vec::new(),
    };
    asked.encode(&mut bytes).unwrap();
    bytes.into()
}

async fn reason_of(caller: &Caller, body: &Bytes) -> Reason {
    refused(raw(caller, "ProfileService/GetProfile", body.clone()).await).reason
}

/// Says so much that an answer to all of it does not fit on the way, and reads none.
async fn never_reads(mut connection: impl AsyncWrite + Unpin) -> io::Error {
    // Each is answered.
    const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend(PING.repeat(4_096));
    loop {
        let written = async {
            connection.write_all(&bytes).await?;
            connection.flush().await
        };
        if let Err(error) = written.await {
            return error;
        }
        bytes = PING.repeat(4_096);
    }
}

/// The place comes back when the service hears of it.
pub(crate) async fn comes_back<T, F: Future<Output = Answer<T>>>(ask: impl Fn() -> F) {
    for _ in 0..QUESTIONS {
        if ask().await.is_ok() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the place was not given back");
}

on_both_engines! {
    async fn a_connection_holds_few_streams_that_need_no_caller(exchange) {
        let known = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let channel = exchange.door.channel(None);
        let watch = async |channel: tonic::transport::Channel| {
            HealthClient::new(channel).watch(HealthCheckRequest::default()).await
        };
        let mut open = Vec::new();
        for _ in 0..OPEN_STREAMS {
            let mut stream = watch(channel.clone()).await.unwrap().into_inner();
            stream.message().await.unwrap();
            open.push(stream);
        }
        let status = watch(channel.clone()).await.unwrap_err();
        assert_eq!(refused::<()>(Err(status)).reason, Reason::QueueFull);
        watch(known.channel.clone()).await.expect("another connection has its own");
        open.pop();
        comes_back(|| watch(channel.clone())).await;
    }

    async fn what_asks_for_health_is_small(exchange) {
        let service = "x".repeat(64 * 1024);
        let mut client = HealthClient::new(exchange.door.channel(None));
        let asked = client.check(HealthCheckRequest { service }).await;
        assert_eq!(refused(asked).reason, Reason::RequestTooLarge);
    }

    async fn a_credential_has_so_many_connections_and_others_have_theirs(exchange) {
        let one = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let other = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let mut connected = Vec::new();
        for _ in 0..CONNECTIONS {
            let again = one.at(&exchange.door);
            again.look().await.unwrap();
            connected.push(again);
        }
        let more = one.at(&exchange.door);
        assert_eq!(refused(more.look().await).reason, Reason::QueueFull);
        other.look().await.unwrap();
        connected[0].look().await.expect("what it has it keeps");
        connected.pop();
        comes_back(|| more.look()).await;
    }
}

/// The ledger decides nothing meanwhile, and nobody waits for an answer any more.
async fn bodies_of_one_credential(home: Home) {
    let exchange = Exchange::limited(home, generous(), DEADLINE).await;
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let content = submission(&of, typical(1, of.point));
    let profile = sender.publish(content).await.unwrap().name;
    let one = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
    let other = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
    let body = large(&one.setting, &one.mine(&profile));

    let held = exchange.home.hold().await;
    let all = SHARE / LARGE;
    let within = join_all((0..all).map(|_| reason_of(&one, &body)));
    let (within, beside) = tokio::join!(within, other.get(&profile));
    assert_eq!(
        within,
        vec![Reason::DeadlineExceeded; all],
        "within its share"
    );
    let beside = refused(beside).reason;
    assert_eq!(
        beside,
        Reason::DeadlineExceeded,
        "another one has its share"
    );
    let told = reason_of(&one, &body).await;
    assert_eq!(
        told,
        Reason::QueueFull,
        "what was asked is not decided, and counts"
    );
    held.release().await;
    // What was asked before is decided before.
    sender.get(&profile).await.expect("a neighbour");
    assert_eq!(reason_of(&one, &body).await, Reason::PermissionDenied);
    exchange.end().await;
}

#[test]
fn the_bytes_of_a_body_count_until_what_they_ask_for_is_decided_on_sqlite() {
    run(async || bodies_of_one_credential(Home::sqlite()).await);
}

#[test]
fn the_bytes_of_a_body_count_until_what_they_ask_for_is_decided_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            bodies_of_one_credential(home).await;
        }
    });
}

/// As a client does whose connection ended while it asked.
pub(crate) async fn again<T, F: Future<Output = Answer<T>>>(ask: impl Fn() -> F) -> T {
    let mut last = None;
    for _ in 0..10 {
        match ask().await {
            Ok(answer) => return answer,
            Err(status) => last = Some(status),
        }
    }
    panic!("it is not served: {last:?}");
}

/// Nothing is lost, and the same client goes on over a connection that it makes by itself.
#[test]
fn a_connection_that_has_reached_its_age_ends_its_streams_so_that_they_are_resumed() {
    run(async || {
        let times = Times {
            deadline: Duration::from_secs(30),
            age: Duration::from_secs(3),
        };
        let exchange = Exchange::limited(Home::sqlite(), generous(), times).await;
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let mut moves = Vec::new();
        for _ in 0..2 {
            moves.push(exchange.open_move().await);
        }
        let (mut token, mut got, mut published) = (String::new(), Vec::new(), Vec::new());
        for (of, seed) in moves.iter().zip(0..) {
            let mut watch = again(|| receiver.watch(&subscription, &token)).await;
            let (id, content) = (fresh(), submission(of, typical(seed, of.point)));
            let answer = again(|| sender.publish_as(&id, content.clone())).await;
            published.push(answer.receipt.unwrap().position);
            let told = loop {
                match watch.message().await {
                    Ok(Some(turn)) => {
                        got.extend(turn.items.iter().map(|item| item.position));
                        token = turn.token;
                    }
                    Ok(None) => panic!("the stream ended without a status"),
                    Err(status) => break refused::<()>(Err(status)),
                }
            };
            assert_eq!(told.reason, Reason::Unavailable);
        }
        let mut watch = again(|| receiver.watch(&subscription, &token)).await;
        while got.len() < published.len() {
            let turn = watch.message().await.unwrap().unwrap();
            got.extend(turn.items.iter().map(|item| item.position));
        }
        assert_eq!(got, published, "all of them, in order, each once");
        drop(watch);
        exchange.end().await;
    });
}

#[test]
fn who_never_reads_and_is_not_known_is_not_kept() {
    run(async || {
        let exchange = Exchange::new(Home::sqlite()).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 * 1024).unwrap();
        let to = ([127, 0, 0, 1], exchange.door.port).into();
        let connection = socket.connect(to).await.unwrap();
        let name = "localhost".try_into().unwrap();
        let shaken = connector(&exchange.door).connect(name, connection);
        let shaken = shaken.await.unwrap();
        let began = Instant::now();
        let error = tokio::time::timeout(GONE, never_reads(shaken)).await;
        let error = error.expect("the connection was kept");
        let cut = [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
        assert!(cut.contains(&error.kind()), "{error}");
        assert!(
            began.elapsed() >= KEPT,
            "not its time has ended it: {error}"
        );
        exchange.end().await;
    });
}
