//! Who only opens connections, and what the service says of its health.

use std::io::ErrorKind;

use baton_wire::status::Reason;
use baton_wire::v1::Role;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::fuzz::connection::connector;
use crate::harness::*;

/// Connections of one host that never says anything.
const IDLE: usize = 200;
/// Those of them the service holds: as `FROM_ONE_ADDRESS_MAX` says.
const HELD: usize = 64;

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
