//! A connection that has reached its age, and a client that stays on it.

use std::time::Duration;

use baton_wire::status::Reason;
use baton_wire::v1::{Role, WatchRequest};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::fuzz::connection::{call, connector, conversation};
use crate::harness::*;
use crate::limits::again;

const TIMES: Times = Times {
    deadline: Duration::from_secs(30),
    age: Duration::from_secs(3),
};
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;

/// Reads until a stream has ended, and says whether the client was told to leave meanwhile.
async fn told_to_leave(connection: &mut (impl AsyncRead + Unpin), until: u32) -> bool {
    let mut told = false;
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        connection.read_exact(&mut payload).await.unwrap();
        told |= kind == GOAWAY;
        let ends = matches!(kind, 0 | 1) && flags & END_STREAM != 0;
        if ends && u32::from_be_bytes(stream) == until {
            return told;
        }
    }
}

/// It does not answer the ping behind the word that it is to leave, so the service goes on taking
/// its calls.
#[test]
fn who_stays_on_an_aged_connection_is_shown_nothing_there() {
    run(async || {
        let exchange = Exchange::limited(Home::sqlite(), generous(), TIMES).await;
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let (receiver, key) = exchange.key_holder(&of.to, &[Role::Senco]).await;
        let subscription = again(|| receiver.subscribe()).await;
        let (id, content) = (fresh(), submission(&of, typical(1, of.point)));
        again(|| sender.publish_as(&id, content.clone())).await;
        let watch = WatchRequest {
            parent: receiver.setting.clone(),
            subscription,
            ..Default::default()
        };
        let watch = ("SubscriptionService/Watch", watch.encode_to_vec());

        let tcp = TcpStream::connect(("127.0.0.1", exchange.door.port)).await;
        let name = "localhost".try_into().unwrap();
        let shaken = connector(&exchange.door).connect(name, tcp.unwrap()).await;
        let mut connection = shaken.unwrap();
        let begin = conversation(&key, std::slice::from_ref(&watch));
        connection.write_all(&begin).await.unwrap();
        let told = told_to_leave(&mut connection, 1).await;
        assert!(
            told,
            "a stream ends when its client knows where not to resume it"
        );
        let resumed = call(&key, (watch.0, watch.1.as_slice()), 3);
        connection.write_all(&resumed).await.unwrap();
        told_to_leave(&mut connection, 3).await;

        let lines = exchange.lines(0).await;
        let shown = lines
            .iter()
            .filter(|line| line.said().0 == "pulled")
            .count();
        assert_eq!(shown, 1, "what nobody receives is not entered");
        drop(connection);
        exchange.end().await;
    });
}

#[test]
fn who_watches_health_is_told_of_the_age() {
    run(async || {
        let exchange = Exchange::limited(Home::sqlite(), generous(), TIMES).await;
        let known = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        known.look().await.unwrap();
        let mut client = HealthClient::new(known.channel.clone());
        let watch = client.watch(HealthCheckRequest::default()).await.unwrap();
        assert_eq!(ended(watch.into_inner()).await.reason, Reason::Unavailable);
        exchange.end().await;
    });
}
