//! A vendor works while what it was let do is ended, made less, or past its last day, on another server where
//! there is one: from the position that ended it nothing is shown, and what was shown is entered.

use std::time::Duration;

use baton_domain::log::canonical::Json;
use baton_wire::v1::{self, DelegationScope as Scope, Role};
use tonic::Streaming;

use super::{ALL, Mandate};
use crate::harness::*;

/// How it comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Ended,
    /// It may ask how far moves are, and read no more.
    Narrowed,
    /// Its last day is over.
    Expired,
}

/// Each several times, and last what moves the day.
const TRIALS: [Change; 9] = [
    Change::Ended,
    Change::Narrowed,
    Change::Ended,
    Change::Narrowed,
    Change::Ended,
    Change::Narrowed,
    Change::Expired,
    Change::Expired,
    Change::Expired,
];
/// Reads of a trial, and versions that are published meanwhile.
const READS: usize = 12;
const VERSIONS: usize = 6;
/// Longest a watch is waited on once nothing more will come of it.
const QUIET: Duration = Duration::from_millis(200);

const LESS: Mandate<'static> = Mandate {
    scopes: &[Scope::Status],
    ..ALL
};

struct Trial<'a> {
    exchange: &'a Exchange,
    of: Move,
    sender: Caller,
    head: Caller,
    vendor: Setting,
    client: Caller,
    profile: String,
}

impl Trial<'_> {
    async fn reads(&self) -> usize {
        let mut given = 0;
        for _ in 0..READS {
            given += usize::from(self.client.get(&self.profile).await.is_ok());
        }
        given
    }

    /// What comes for the school while the vendor watches for it.
    async fn publishes(&self, trial: usize) {
        for version in 0..VERSIONS {
            let by = format!("Head of year, number {trial}-{version}");
            let again = signed(submission(&self.of, typical(1, self.of.point)), &by);
            self.sender.publish(again).await.unwrap();
        }
    }

    /// It happens after some reads, later with every trial.
    async fn changes(&self, change: Change, trial: usize, midnight: &str) {
        for _ in 0..trial % 5 {
            self.head.look().await.unwrap();
        }
        match change {
            Change::Ended => drop(self.head.lets_no_more("", &self.vendor).await.unwrap()),
            Change::Narrowed => drop(self.head.lets(&self.vendor, LESS).await.unwrap()),
            Change::Expired => drop(self.exchange.hand.send_replace(at(midnight))),
        }
    }

    async fn goes(&self, change: Change, trial: usize, (last, midnight): (&str, &str)) {
        let mandate = Mandate { last, ..ALL };
        self.head.lets(&self.vendor, mandate).await.unwrap();
        let begun = self.exchange.size();
        let id = format!("s{trial}");
        let subscription = self
            .client
            .subscribe_to(&id, self.of.point, 0)
            .await
            .unwrap();
        let mut watch = self.client.watch(&subscription, "").await.unwrap();
        let work = async {
            let publishes = self.publishes(trial);
            let changes = self.changes(change, trial, midnight);
            tokio::join!(self.reads(), publishes, changes).0
        };
        let (given, items) = watched_while(&mut watch, work).await;
        assert!(self.client.get(&self.profile).await.is_err(), "{change:?}");
        assert!(
            self.client.pull(&subscription, "").await.is_err(),
            "{change:?}"
        );
        let midnight = (change == Change::Expired).then(|| at(midnight));
        let lines = self.exchange.lines(begun).await;
        let (fetched, pulled) = judged(&lines, midnight);
        assert_eq!(fetched, given, "{change:?}: each answer is entered");
        assert!(
            items <= pulled,
            "{change:?}: {items} items came, {pulled} are entered"
        );
    }
}

/// What work gives, and the items that come on a watch until it is done and nothing more comes.
async fn watched_while<T>(
    watch: &mut Streaming<v1::WatchResponse>,
    work: impl Future<Output = T>,
) -> (T, usize) {
    tokio::pin!(work);
    let (mut items, mut open) = (0, true);
    let done = loop {
        tokio::select! {
            turn = watch.message(), if open => match turn {
                Ok(Some(turn)) => items += turn.items.len(),
                _ => open = false,
            },
            done = &mut work => break done,
        }
    };
    while let Ok(Ok(Some(turn))) = tokio::time::timeout(QUIET, watch.message()).await {
        items += turn.items.len();
    }
    (done, items)
}

/// That everything shown lies before the entry that ended it, or the midnight. How much was.
fn judged(lines: &[Line], midnight: Option<i64>) -> (usize, usize) {
    let (mut over, mut fetched, mut pulled) = (false, 0, 0);
    for line in lines {
        let late = |midnight| matches!(line.get("time_us"), Some(Json::Int(at)) if *at >= midnight);
        let over_now = over || midnight.is_some_and(late);
        match line.said() {
            ("delegation_ended" | "delegation_added", "done") => over = true,
            ("fetched", verdict) => {
                assert_eq!(verdict == "done", !over_now);
                fetched += usize::from(verdict == "done");
            }
            ("pulled", "done") => {
                assert!(!over_now, "shown after it was over");
                pulled += line.array("detail/items").len();
            }
            _ => {}
        }
    }
    (fetched, pulled)
}

async fn raced(exchange: &Exchange, other: &Door) {
    let of = exchange.open_move().await;
    let sender = exchange.person(&of.from, &[Role::Publisher]).await;
    let content = submission(&of, typical(1, of.point));
    let profile = sender.publish(content).await.unwrap().name;
    let head = exchange.person(&of.to, &[Role::Publisher]).await;
    let vendor = exchange.vendor("example-mis").await;
    let client = exchange.client(&vendor, &of.to).await.at(other);
    let trial = Trial {
        exchange,
        of,
        sender,
        head,
        vendor,
        client,
        profile,
    };
    let mut day = 10;
    for (number, change) in TRIALS.into_iter().enumerate() {
        let last = match change {
            Change::Expired => format!("2026-03-{day}"),
            _ => ALL.last.to_owned(),
        };
        let midnight = format!("2026-03-{}T00:00:00Z", day + 1);
        day += u8::from(change == Change::Expired);
        trial.goes(change, number, (&last, &midnight)).await;
    }
    exchange.holds().await;
}

#[test]
fn a_vendor_is_shown_nothing_from_where_its_delegation_went_on_sqlite() {
    run(async || {
        let exchange = Exchange::new(Home::sqlite()).await;
        raced(&exchange, &exchange.door).await;
        exchange.end().await;
    });
}

#[test]
fn a_vendor_is_shown_nothing_from_where_its_delegation_went_on_two_nodes_of_postgres() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        raced(&exchange, &other).await;
        second.stop().await;
        exchange.end().await;
    });
}
