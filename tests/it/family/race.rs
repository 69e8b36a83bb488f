//! A parent looks again and again, on two servers where there can be two, while the access is taken away:
//! nothing is shown at or after the position that did.

use std::sync::atomic::{AtomicBool, Ordering};

use baton_domain::log::Json;
use baton_wire::v1::{DecisionSaid, DecisionToward, Role};
use futures::future::join;
use tokio::task::yield_now;

use super::CHILD;
use crate::campaign;
use crate::chance::{Dice, seed};
use crate::decisions::by_the_child;
use crate::harness::*;

/// What takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// The head ends it.
    Ended,
    /// The child says no.
    Refused,
    /// Processing is restricted.
    Restricted,
    /// What was written is taken back.
    Withdrawn,
    /// Everything of the learner is erased.
    Erased,
}

const CHANGES: [Change; 5] = [
    Change::Ended,
    Change::Refused,
    Change::Restricted,
    Change::Withdrawn,
    Change::Erased,
];
const EACH: usize = 4;
const EACH_IN_A_CAMPAIGN: usize = 400;
/// Turns of the runtime before a change is asked, at most.
const HEAD_START: usize = 40;

/// Looks until it is gone, and once more; how often something was shown.
async fn looks(parent: Caller, profile: &str, gone: &AtomicBool) -> usize {
    let mut shown = 0;
    loop {
        let last = gone.load(Ordering::SeqCst);
        match parent.get(profile).await {
            Ok(_) if last => panic!("shown after it was taken away"),
            Ok(_) => shown += 1,
            Err(status) => drop(refused::<()>(Err(status))),
        }
        if last {
            return shown;
        }
    }
}

/// Where the ledger took it away.
async fn take(
    change: Change,
    head: &Caller,
    of: &Move,
    parent: &Caller,
    profile: &str,
) -> Option<i64> {
    match change {
        Change::Ended => {
            let receipt = head.takes_from(parent, &of.name).await.unwrap();
            Some(receipt.position)
        }
        Change::Refused => {
            let no = by_the_child(DecisionToward::Family, DecisionSaid::Refused, &[]);
            let done = head.records(&of.name, &no).await.unwrap();
            Some(done.receipt.unwrap().position)
        }
        Change::Restricted => {
            head.restrict(&of.name).await.unwrap();
            None
        }
        Change::Withdrawn => Some(head.withdraw(profile).await.unwrap().position),
        Change::Erased => {
            let done = head.erase(head.erasure(&of.name)).await.unwrap();
            Some(done.receipt.unwrap().position)
        }
    }
}

fn position(line: &Line) -> i64 {
    match line.get("position") {
        Some(Json::Int(position)) => *position,
        other => panic!("no position: {other:?}"),
    }
}

/// Where the entries say that this parent was shown something.
fn entered(lines: &[Line], parent: &Caller) -> Vec<i64> {
    let credential = parent.credential.rsplit('/').next().unwrap();
    let by_them = |line: &&Line| {
        line.said() == ("fetched", "done") && line.text("caller/credential") == credential
    };
    lines.iter().filter(by_them).map(position).collect()
}

/// How often something was shown before it was taken away.
async fn trial(exchange: &Exchange, other: &Door, change: Change, dice: &mut Dice) -> usize {
    let of = exchange.open_move().await;
    let head = exchange.person(&of.from, &[Role::Publisher]).await;
    let profile = exchange.sent(&of).await;
    let parent = exchange.parent(&head, &of.name).await;
    let child = exchange.reader(&head, &of.name, CHILD).await;
    let before = exchange.size();
    let gone = AtomicBool::new(false);
    let by = if dice.one_in(2) {
        head.at(other)
    } else {
        head.clone()
    };
    let head_start = dice.below(HEAD_START);
    let taken = async {
        for _ in 0..head_start {
            yield_now().await;
        }
        let position = take(change, &by, &of, &parent, &profile).await;
        gone.store(true, Ordering::SeqCst);
        position
    };
    let reads = join(
        looks(parent.clone(), &profile, &gone),
        looks(parent.at(other), &profile, &gone),
    );
    let ((here, there), taken) = join(reads, taken).await;
    let lines = exchange.lines(before).await;
    let taken = taken.unwrap_or_else(|| {
        let line = lines
            .iter()
            .find(|line| line.said() == ("restricted", "done"));
        position(line.expect("a restriction"))
    });
    let positions = entered(&lines, &parent);
    for at in &positions {
        assert!(*at < taken, "{change:?} at {taken}, shown at {at}");
    }
    // What was erased in between is entered, and was not answered.
    let fewer = here + there <= positions.len();
    let equal = here + there == positions.len();
    assert!(equal || change == Change::Erased && fewer, "{change:?}");
    let child = child.get(&profile).await;
    assert_eq!(
        child.is_ok(),
        matches!(change, Change::Ended | Change::Refused),
        "{change:?}"
    );
    here + there
}

async fn race(exchange: &Exchange, each: usize) {
    let beside = if exchange.home.is_postgres() {
        Some(exchange.second().await)
    } else {
        None
    };
    let other = beside.as_ref().map_or(&exchange.door, |(_, door)| door);
    let mut dice = Dice::of(seed(), 32);
    let mut shown = 0;
    for number in 0..each * CHANGES.len() {
        shown += trial(exchange, other, CHANGES[number % CHANGES.len()], &mut dice).await;
    }
    assert!(shown > 0, "nothing was ever shown");
    if let Some((second, _)) = beside {
        second.stop().await;
    }
    exchange.holds().await;
    println!(
        "figures: families: trials={} shown={shown} late=0",
        each * CHANGES.len()
    );
}

on_both_engines! {
    async fn nothing_is_shown_to_a_family_from_where_it_was_taken_away(exchange) {
        race(exchange, EACH).await;
    }

    async fn campaign_access_families_lose_theirs(exchange) {
        if campaign::wanted() {
            race(exchange, EACH_IN_A_CAMPAIGN).await;
        }
    }
}
