//! Two servers on one database, and two children who name each other published on both at the same time,
//! while one of them is placed, sent elsewhere, or taken back: in the end each is shown where it would be
//! had one happened after the other, whichever that was, and whoever follows the feed was told.

use std::collections::{BTreeMap, BTreeSet};

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
const EACH: usize = 4;

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
        Meanwhile::Nothing | Meanwhile::Placed => both,
        Meanwhile::Away => apart,
        Meanwhile::Withdrawn if pair.is_taken_back(sender).await => apart,
        Meanwhile::Withdrawn => both,
    };
    for senco in sencos {
        assert_eq!(shown(senco, pair).await, expected, "{:?}", pair.meanwhile);
    }
}

/// Follows the feed until everything that is shown was there when something of its profile came.
async fn is_told(senco: &Caller, subscription: &str, pairs: &[Pair]) {
    let (mut token, mut known) = (String::new(), BTreeMap::new());
    let mut wanted = BTreeMap::new();
    for pair in pairs {
        for (profile, seen) in pair.profiles.iter().zip(shown(senco, pair).await) {
            wanted.extend(seen.map(|seen| (senco.mine(profile), seen)));
        }
    }
    while wanted
        .iter()
        .any(|(name, seen)| known.get(name) != Some(seen))
    {
        let turn = senco.await_item(subscription, &token).await.unwrap();
        token = turn.token;
        for came in turn.items.into_iter().filter_map(|item| item.profile) {
            let seen = senco.get(&came.name).await;
            let seen = seen.map_or_else(|_| BTreeSet::new(), |got| super::names(&got));
            known.insert(came.name, seen);
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
        let subscription = senco.subscribe().await.unwrap();
        let (beside, there) = (sender.at(&other), senco.at(&other));
        let mut pairs = Vec::new();
        for number in 0..ALL.len() * EACH {
            pairs.push(pair(&exchange, ALL[number % ALL.len()]).await);
        }
        let racing = pairs
            .iter_mut()
            .map(|pair| pair.race(&exchange, [&sender, &beside], &other));
        futures::future::join_all(racing).await;
        let both = [senco.clone(), there.clone()];
        for pair in &pairs {
            holds(&both, &sender, pair).await;
        }
        let linked = i64::try_from(2 * pairs.len()).unwrap();
        let count = "SELECT count(*) FROM friend";
        assert_eq!(exchange.home.count(count).await, linked, "each link once");
        is_told(&there, &subscription, &pairs).await;
        second.stop().await;
        exchange.holds().await;
        exchange.end().await;
    });
}
