//! Who only opens connections, and what the service says of its health.

use std::io::ErrorKind;
use std::time::Duration;

use baton_domain::ids::CredentialId;
use baton_server::ApiKey;
use baton_wire::status::Reason;
use baton_wire::v1::Role;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_types::StatusExt as _;

use crate::fuzz::connection::connector;
use crate::harness::*;

/// Connections of one host that never says anything.
const IDLE: usize = 200;
/// Those of them the service holds: as `FROM_ONE_ADDRESS_MAX` says.
const HELD: usize = 64;

/// Credentials not known that a connection may present: as `UNKNOWN_MAX` says.
const UNKNOWN: usize = 8;
/// One that comes in while somebody at its address tries keys is in after this.
const IN: Duration = Duration::from_mins(1);
/// A bucket is refilled while its end is looked for; then it is looked for again.
const TRIES: usize = 20;

/// From an address of its own, so that it is not the callers'.
async fn from_another_host(door: &Door) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 2], 0).into()).unwrap();
    let to = ([127, 0, 0, 1], door.port).into();
    socket.connect(to).await.unwrap()
}

/// Reads to the end, which only the service brings about.
async fn ended(mut connection: impl AsyncRead + Unpin) {
    let mut bytes = Vec::new();
    if let Err(error) = connection.read_to_end(&mut bytes).await {
        let cut = [ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof];
        assert!(cut.contains(&error.kind()), "{error}");
    }
}

async fn health(door: &Door, service: &str) -> Result<i32, tonic::Status> {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(door.channel(None)).check(request).await?;
    let HealthCheckResponse { status } = answer.into_inner();
    Ok(status)
}

/// Whatever comes: a key nobody was given.
fn unknown(exchange: &Exchange, number: u8) -> Caller {
    let credential = CredentialId::from_bytes([number; 16]);
    let key = ApiKey::print("test", &credential, &[7; 32]);
    Caller::with_key(&exchange.door, &key).of(&exchange.primary.name, "")
}

/// Why a call was turned away; none when its connection was closed.
fn told<T>(answer: Answer<T>) -> Option<Reason> {
    match answer {
        Err(status) if status.get_error_details().error_info().is_none() => None,
        answer => Some(refused(answer).reason),
    }
}

/// Somebody who tries keys, each call with another one, and connects again whenever it is cut.
struct Abuser<'a> {
    exchange: &'a Exchange,
    channel: Channel,
    number: u8,
}

impl Abuser<'_> {
    fn key(&mut self) -> Caller {
        self.number = self.number.wrapping_add(1);
        unknown(self.exchange, self.number).over(self.channel.clone())
    }

    async fn tries(&mut self) -> Option<Reason> {
        told(self.key().look().await)
    }

    /// Until its address has nothing left. How many were answered on each connection.
    async fn uses_up(&mut self) -> Vec<usize> {
        let mut answered = vec![0];
        for _ in 0..1_000 {
            match self.tries().await {
                Some(Reason::Unauthenticated) => *answered.last_mut().unwrap() += 1,
                Some(reason) => {
                    assert_eq!(reason, Reason::RateLimited);
                    return answered;
                }
                None => answered.push(0),
            }
        }
        panic!("nobody was refused");
    }

    async fn goes_on(&mut self) -> ! {
        loop {
            self.tries().await;
        }
    }
}

async fn strangers_pay_first(home: Home) {
    let exchange = Exchange::as_shipped(home).await;
    let known = exchange.person(&exchange.primary, &[Role::Publisher]).await;
    let new = exchange.person(&exchange.primary, &[Role::Publisher]).await;
    known.look().await.unwrap();
    let mut abuser = Abuser {
        exchange: &exchange,
        channel: exchange.door.channel(None),
        number: 0,
    };
    let answered = abuser.uses_up().await;
    assert!(
        answered.len() > 2,
        "its connections are closed: {answered:?}"
    );
    let most = answered.iter().max().unwrap();
    assert_eq!(*most, UNKNOWN, "{answered:?}");

    let mut turned_away = false;
    for _ in 0..TRIES {
        // A look-up would fail now, and an answer to it is given back what it paid.
        exchange
            .home
            .tamper("ALTER TABLE credential RENAME TO away")
            .await;
        let keys: Vec<Caller> = (0..UNKNOWN).map(|_| abuser.key()).collect();
        let told = join_all(keys.iter().map(async |key| told(key.look().await))).await;
        known
            .look()
            .await
            .expect("who is remembered is not looked up");
        exchange
            .home
            .tamper("ALTER TABLE away RENAME TO credential")
            .await;
        let looked_up = told.contains(&Some(Reason::Unavailable));
        turned_away = !looked_up && told.contains(&Some(Reason::RateLimited));
        if turned_away {
            break;
        }
        abuser.uses_up().await;
    }
    assert!(turned_away, "strangers are looked up without paying");

    // Whoever was known is looked up again, and is no stranger for it.
    exchange
        .officer
        .issue(&exchange.primary.name, &[Role::Dsl], &Papers::new().spki, 0)
        .await
        .unwrap();
    known
        .look()
        .await
        .expect("known before, from the abuser's address");
    // One that was never seen comes in all the same, while the other goes on.
    let comes_in = async {
        while let Err(status) = new.look().await {
            let told = told::<()>(Err(status));
            assert!(matches!(told, None | Some(Reason::RateLimited)), "{told:?}");
        }
    };
    tokio::select! {
        never = abuser.goes_on() => never,
        came = tokio::time::timeout(IN, comes_in) => came.expect("it is kept out"),
    }
    new.look().await.unwrap();
    exchange.end().await;
}

#[test]
fn an_address_pays_before_a_stranger_is_looked_up_on_sqlite() {
    run(async || strangers_pay_first(Home::sqlite()).await);
}

#[test]
fn an_address_pays_before_a_stranger_is_looked_up_on_postgres() {
    run(async || {
        if let Some(home) = Home::postgres().await {
            strangers_pay_first(home).await;
        }
    });
}

on_both_engines! {
    async fn a_host_that_only_connects_leaves_room_for_callers_and_is_not_kept(exchange) {
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let idle = (0..IDLE).map(|_| from_another_host(&exchange.door));
        let idle = futures::future::join_all(idle).await;
        let mut ends: FuturesUnordered<_> = idle.into_iter().map(ended).collect();
        for _ in HELD..IDLE {
            ends.next().await.unwrap();
        }
        // On a connection of their own, made after all of these.
        receiver.at(&exchange.door).subscribe().await.unwrap();
        // The first to come are held so long: it is not the time that ended the others.
        let early = ends.next().now_or_never();
        assert!(early.is_none(), "more were ended than are too many");
        ends.collect::<()>().await;

        // Who says as much as TLS asks for, and then nothing.
        let connection = from_another_host(&exchange.door).await;
        let name = "localhost".try_into().unwrap();
        let shaken = connector(&exchange.door).connect(name, connection).await.unwrap();
        ended(shaken).await;
        receiver.subscribe().await.unwrap();
    }

    async fn the_health_of_each_service_is_told_to_anyone(exchange) {
        for service in ["", "baton.v1.ProfileService", "baton.v1.AuditService"] {
            let status = health(&exchange.door, service).await.unwrap();
            assert_eq!(status, i32::from(ServingStatus::Serving), "{service}");
        }
        let unknown = health(&exchange.door, "baton.v1.NoService").await;
        assert_eq!(unknown.unwrap_err().code(), Code::NotFound, "as gRPC's health protocol has it");
    }

    async fn who_watches_its_health_is_told_that_it_stops_and_does_not_hold_it_up(exchange) {
        let known = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        known.look().await.unwrap();
        let mut watches = Vec::new();
        for service in ["", "baton.v1.ProfileService"] {
            let request = HealthCheckRequest { service: service.to_owned() };
            let mut client = HealthClient::new(known.channel.clone());
            let mut watch = client.watch(request).await.unwrap().into_inner();
            let HealthCheckResponse { status } = watch.message().await.unwrap().unwrap();
            assert_eq!(status, i32::from(ServingStatus::Serving), "{service}");
            watches.push(watch);
        }
        exchange.stop().await;
        for mut watch in watches {
            let HealthCheckResponse { status } = watch.message().await.unwrap().unwrap();
            assert_eq!(status, i32::from(ServingStatus::NotServing));
            let end = watch.message().await.expect_err("it ends");
            assert_eq!(refused::<()>(Err(end)).reason, Reason::Unavailable);
        }
    }
}

async fn strangers_are_limited(home: Home) {
    let exchange = Exchange::as_shipped(home).await;
    let mut asked = 0;
    let refused = loop {
        match health(&exchange.door, "").await {
            Ok(_) => asked += 1,
            Err(status) => break refused::<()>(Err(status)),
        }
        assert!(asked < 1_000, "nobody was refused");
    };
    assert_eq!(refused.reason, Reason::RateLimited);
    assert!(asked >= 10, "{asked}");
    // Callers are not counted among them.
    exchange.person(&exchange.primary, &[Role::Publisher]).await;
    exchange.end().await;
}

#[test]
fn strangers_are_limited_by_address() {
    run(async || strangers_are_limited(Home::sqlite()).await);
}
