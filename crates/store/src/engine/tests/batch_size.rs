//! A batch costs the same few statements under the lock whatever its size, on both engines.

use std::collections::BTreeSet;
use std::pin::Pin;

use baton_domain::access::{Grant, Role};
use baton_domain::act::{
    Bootstrap, Caller, Former, ImportSetting, IssueCredential, Offer, Plan, Proof, Publish,
    RequestId, SettingDraft, ShowTransition, Target,
};
use baton_domain::calendar::AcademicYear;
use baton_domain::ids::{LearnerIdentifier, SettingId, SettingIdentifier, TransitionId};
use baton_domain::recipient::Days;
use baton_domain::route::{Route, SettingKind};
use baton_domain::section::{KindSet, SectionKind};
use bytes::Bytes;
use futures::future::join_all;
use jiff::civil::date;

use super::super::STATEMENTS;
use super::{database, drop_database};
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::open::Place;
use crate::reserve::DiskReserve;
use crate::rotation::Rotation;

/// Tuesday, 10 March 2026, noon: Year 7 offers are out.
const NOW_US: i64 = 1_773_144_000_000_000;
/// Sections of a publish; with the signatory a rung of the ladder.
const KINDS: [SectionKind; 3] = [
    SectionKind::Identity,
    SectionKind::Send,
    SectionKind::Health,
];
/// What 256 publishes take beyond one: their 1,024 rows of content are four times the top rung, and
/// a tile ends among their entries.
const BEYOND_THE_LADDER: usize = 4;
/// More than any batch takes.
const STATEMENTS_MAX: usize = 48;

type Asked<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

/// A ledger with a council, two schools and a publisher.
struct Town {
    ledger: Ledger,
    officer: Caller,
    publisher: Caller,
}

fn code(value: &str) -> SettingIdentifier {
    SettingIdentifier::parse("baton-local", value).unwrap()
}

fn request(text: &str) -> RequestId {
    RequestId::parse(text).unwrap()
}

fn draft(kind: SettingKind, name: &str) -> SettingDraft {
    SettingDraft {
        kind,
        name: name.to_owned(),
        council: "301".to_owned(),
        town: String::new(),
        open: true,
        codes: vec![code(name)],
    }
}

fn import(name: &str) -> ImportSetting {
    ImportSetting {
        setting: draft(SettingKind::School, name),
        signed: None,
        request: request(&format!("import-{name}")),
        validate_only: false,
    }
}

fn plan(name: &str) -> Plan {
    Plan {
        from: code("from"),
        learner: vec![LearnerIdentifier::parse("local", name).unwrap()],
        to: Some(code("to")),
        route: Route::find("primary-secondary").unwrap(),
        academic_year: AcademicYear::from_first_year(2025).unwrap(),
        offer: Offer {
            date: Some(date(2026, 3, 2)),
            accepted: Some(true),
        },
        start_date: None,
        final_plan_names_receiver: false,
        group: None,
        request: request(&format!("plan-{name}")),
    }
}

fn publish(of: &TransitionId) -> Publish {
    let section = |kind: SectionKind| (kind, Bytes::from(kind.name()));
    Publish {
        target: Target::Transition(of.clone()),
        level: 1,
        sections: KINDS.into_iter().map(section).collect(),
        removes: KindSet::EMPTY,
        signatory: "Head".to_owned(),
        born: None,
        stated: Vec::new(),
        former: Former::default(),
        peers: Vec::new(),
        request: request(&format!("publish-{of}")),
    }
}

async fn first_officer(ledger: &Ledger, presented: &crate::Presented) -> Caller {
    let known = ledger.authenticate(presented).await.unwrap().unwrap();
    let first = Caller {
        credential: known.credential,
        acting: known.setting,
    };
    let act = Bootstrap {
        council: draft(SettingKind::Council, "council"),
        signed: None,
        proof: Proof::Certificate([1; 32]),
    };
    let made = ledger.act(&first, act).await.unwrap().value;
    Caller {
        credential: made.issued.credential.id,
        acting: made.council.id,
    }
}

impl Town {
    async fn new(place: &Place) -> Self {
        let (clock, _hand) = Clock::fixed(NOW_US);
        let token = Ledger::create(place, &clock).await.unwrap();
        let ledger = Ledger::open(place, clock, false).await.unwrap();
        let presented = crate::Presented::Key {
            credential: token.credential,
            secret: token.secret.to_vec(),
        };
        let officer = first_officer(&ledger, &presented).await;
        let mut schools: Vec<SettingId> = Vec::new();
        for name in ["from", "to"] {
            let made = ledger.act(&officer, import(name)).await.unwrap();
            schools.push(made.value.setting.id);
        }
        let act = IssueCredential {
            setting: schools[0].clone(),
            label: "publisher".to_owned(),
            grant: Grant::new(Role::Publisher, KindSet::EMPTY).unwrap(),
            proof: Proof::Certificate([2; 32]),
            days: Days::default(),
            lifetime_days: 300,
            request: request("publisher"),
        };
        let issued = ledger.act(&officer, act).await.unwrap().value;
        let publisher = Caller {
            credential: issued.credential.id,
            acting: schools.remove(0),
        };
        let town = Self {
            ledger,
            officer,
            publisher,
        };
        // Sealing waits for the key of a setting once; then all acts of a batch are there at once.
        let moves = town.moves("first", 1).await;
        let first = publish(&moves[0]);
        town.ledger.act(&town.publisher, first).await.unwrap();
        town
    }

    async fn moves(&self, name: &str, count: usize) -> Vec<TransitionId> {
        let plans = (0..count).map(|at| plan(&format!("{name}-{at}")));
        let planned = join_all(plans.map(|plan| self.ledger.act(&self.officer, plan))).await;
        let ids = planned
            .into_iter()
            .map(|done| done.unwrap().value.transition.id);
        ids.collect()
    }

    /// Asks; answers the checkpoint of the commit.
    fn ask<'a, A: crate::acts::Act + 'a>(&'a self, by: &'a Caller, act: A) -> Asked<'a> {
        Box::pin(async move {
            let done = self.ledger.act(by, act).await.unwrap();
            done.receipt.unwrap().checkpoint
        })
    }

    /// How many statements they take when they share a commit.
    async fn taken(&self, asked: Vec<Asked<'_>>) -> usize {
        let before = STATEMENTS.get();
        // One thread: all of them wait before the first is decided.
        let checkpoints: BTreeSet<String> = join_all(asked).await.into_iter().collect();
        let taken = STATEMENTS.get() - before;
        assert_eq!(checkpoints.len(), 1, "they shared a commit");
        taken
    }

    async fn publishes(&self, size: usize) -> usize {
        let moves = self.moves(&format!("publish-{size}"), size).await;
        let acts = moves
            .iter()
            .map(|of| self.ask(&self.publisher, publish(of)));
        self.taken(acts.collect()).await
    }

    /// As many of each of four kinds.
    async fn mixed(&self, each: usize) -> usize {
        let moves = self.moves(&format!("mixed-{each}"), each).await;
        let mut asked = Vec::new();
        for (at, of) in moves.iter().enumerate() {
            let name = format!("new-{each}-{at}");
            asked.push(self.ask(&self.publisher, publish(of)));
            asked.push(self.ask(&self.officer, plan(&name)));
            asked.push(self.ask(&self.officer, import(&name)));
            let transition = of.clone();
            asked.push(self.ask(&self.officer, ShowTransition { transition }));
        }
        self.taken(asked).await
    }
}

/// The same for every size, but for what is beyond the top rung.
fn assert_even(what: &str, taken: &[usize]) {
    println!("{what}: {taken:?} statements");
    let (least, most) = (taken.iter().min().unwrap(), taken.iter().max().unwrap());
    assert!(most - least <= BEYOND_THE_LADDER, "{what}: {taken:?}");
    assert!(*most <= STATEMENTS_MAX, "{what}: {taken:?}");
}

async fn law(place: Place) {
    let town = Town::new(&place).await;
    let mut published = Vec::new();
    for size in [1, 16, 256] {
        published.push(town.publishes(size).await);
    }
    let mut mixed = Vec::new();
    for each in [1, 4, 64] {
        mixed.push(town.mixed(each).await);
    }
    town.ledger.close().await;
    assert_even("1, 16, 256 publishes", &published);
    assert_even("4, 16, 256 acts of four kinds", &mixed);
}

#[tokio::test]
async fn a_batch_takes_as_many_statements_whatever_its_size_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    law(Place {
        folder: folder.path().to_owned(),
        postgres: None,
        master: None,
        rotation: Rotation::default(),
        reserve: DiskReserve::default(),
        bodies_kept: None,
    })
    .await;
}

#[tokio::test]
async fn a_batch_takes_as_many_statements_whatever_its_size_on_postgres() {
    let Some((url, name)) = database("batch_size").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    law(Place {
        folder: folder.path().to_owned(),
        postgres: Some(url),
        master: None,
        rotation: Rotation::default(),
        reserve: DiskReserve::default(),
        bodies_kept: None,
    })
    .await;
    drop_database(&name).await;
}
