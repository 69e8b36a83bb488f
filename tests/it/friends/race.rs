//! Two servers on one database, and two children who name each other published on both at the same time,
//! while one of them is placed, sent elsewhere, or taken back: in the end each is shown where it would be
//! had one happened after the other, whichever that was, and whoever follows the feed was told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use baton_wire::v1;
use tonic::Streaming;

use super::{Child, naming, set};
use crate::harness::*;
use crate::nodes::DAWDLE;

/// What happens to the second of two while both are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// It is placed at the school of the first; before, it went nowhere.
    Placed,
    /// It is sent elsewhere.
    Away,
    /// What was sent of it before is taken back, and published again it is there.
    Withdrawn,
}

const ALL: [Meanwhile; 4] = [
    Meanwhile::Nothing,
    Meanwhile::Placed,
    Meanwhile::Away,
    Meanwhile::Withdrawn,
];
/// Pairs of each sort.
const EACH: usize = 2;
/// Longest a watch is waited on.
const PATIENCE: Duration = Duration::from_secs(30);

struct Pair {
    meanwhile: Meanwhile,
    children: [Child; 2],
    profiles: [String; 2],
}

async fn pair(exchange: &Exchange, meanwhile: Meanwhile) -> Pair {
    let learner = vec![upn(exchange.number())];
    let to = (meanwhile != Meanwhile::Placed).then_some(&exchange.secondary);
    let second = exchange.child(&exchange.primary, learner, to).await;
    Pair {
        meanwhile,
        children: [exchange.classmate().await, second],
        profiles: Default::default(),
    }
}

impl Pair {
    /// Both are published, each on a server of its own, and it happens on a third connection.
    async fn race(&mut self, exchange: &Exchange, senders: [&Caller; 2], other: &Door) {
        let [first, second] = &self.children;
        let said = [
            naming(&first.of, vec![second.named("second")]),
            naming(&second.of, vec![first.named("first")]),
        ];
        let mut before = None;
        if self.meanwhile == Meanwhile::Withdrawn {
            let sent = senders[0].publish(submission(&second.of, typical(3, second.of.point)));
            before = Some(sent.await.unwrap().name);
        }
        let officer = exchange.officer.at(other);
        let happens = async {
            let to = match self.meanwhile {
                Meanwhile::Placed => &exchange.secondary,
                Meanwhile::Away => &exchange.academy,
                Meanwhile::Nothing => return,
                Meanwhile::Withdrawn => {
                    let name = before.as_ref().expect("sent before");
                    senders[0].withdraw(name).await.unwrap();
                    return;
                }
            };
            officer
                .redirect(&second.of.name, to, super::OFFERED)
                .await
                .unwrap();
        };
        let [one, two] = said;
        let (one, two, ()) =
            tokio::join!(senders[0].publish(one), senders[1].publish(two), happens);
        let (one, two) = (one.unwrap(), two.unwrap());
        assert!(
            one.notices.is_empty() && two.notices.is_empty(),
            "both are known"
        );
        self.profiles = [one.name, two.name];
    }

    /// Whether the second is taken back in the end: whether it was before or after hangs on the race.
    async fn is_taken_back(&self, sender: &Caller) -> bool {
        let shown = sender.transition(&self.children[1].of.name).await.unwrap();
        shown.published_count == 0
    }
}

/// Who is shown in both profiles at a school; none where nothing of it is open there.
async fn shown(senco: &Caller, pair: &Pair) -> [Option<BTreeSet<String>>; 2] {
    let of = async |profile: &str| {
        let got = senco.get(profile).await;
        got.ok().map(|got| super::names(&got))
    };
    [of(&pair.profiles[0]).await, of(&pair.profiles[1]).await]
}

/// What both servers have to show, and to whom: by what stands now, and nothing else.
async fn holds(sencos: &[Caller], sender: &Caller, pair: &Pair) {
    let both = [Some(set(&["second"])), Some(set(&["first"]))];
    let apart = [Some(set(&[])), None];
    let expected = match pair.meanwhile {
        Meanwhile::Away => apart,
        Meanwhile::Withdrawn if pair.is_taken_back(sender).await => apart,
        _ => both,
    };
    for senco in sencos {
        assert_eq!(shown(senco, pair).await, expected, "{:?}", pair.meanwhile);
    }
}

/// Reads a watch that carries content until, of every profile, as many friends came in it as are shown: what
/// it carries is judged when it is sent, so one who is placed later takes an item of its own.
async fn are_told(
    watch: &mut Streaming<v1::WatchResponse>,
    wanted: BTreeMap<String, BTreeSet<String>>,
) {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let told = |known: &BTreeMap<String, BTreeSet<String>>| {
        let mut all = wanted.iter();
        all.all(|(name, seen)| known.get(name).is_some_and(|it| seen.is_subset(it)))
    };
    while !told(&known) {
        let turn = watch.message().await.unwrap().expect("a watch goes on");
        for came in turn.items.into_iter().filter_map(|item| item.profile) {
            known.insert(came.name.clone(), super::names(&came));
        }
    }
}

#[test]
fn who_is_published_on_two_servers_at_once_is_shown_as_one_after_the_other() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        exchange.home.tamper(DAWDLE).await;
        let sender = exchange.publisher().await;
        let senco = exchange.senco().await;
        let (beside, there) = (sender.at(&other), senco.at(&other));
        let watched = v1::WatchRequest {
            parent: there.setting.clone(),
            subscription: there.subscribe().await.unwrap(),
            inline_content: true,
            ..Default::default()
        };
        let watch = there.subscriptions().watch(watched).await;
        let mut watch = watch.unwrap().into_inner();
        let mut pairs = Vec::new();
        for number in 0..ALL.len() * EACH {
            pairs.push(pair(&exchange, ALL[number % ALL.len()]).await);
        }
        let racing = pairs
            .iter_mut()
            .map(|pair| pair.race(&exchange, [&sender, &beside], &other));
        futures::future::join_all(racing).await;
        let both = [senco.clone(), there.clone()];
        let mut wanted = BTreeMap::new();
        for pair in &pairs {
            holds(&both, &sender, pair).await;
            for (profile, seen) in pair.profiles.iter().zip(shown(&there, pair).await) {
                wanted.extend(seen.map(|seen| (there.mine(profile), seen)));
            }
        }
        let linked = i64::try_from(2 * pairs.len()).unwrap();
        let count = "SELECT count(*) FROM friend";
        assert_eq!(exchange.home.count(count).await, linked, "each link once");
        let told = tokio::time::timeout(PATIENCE, are_told(&mut watch, wanted)).await;
        told.expect("a friend who came was not told of in 30 s");
        second.stop().await;
        exchange.holds().await;
        exchange.end().await;
    });
}
