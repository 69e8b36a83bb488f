//! Children placed, moved, withdrawn, restricted and refused by chance: at every moment each school is
//! shown those friends whom a few lines written here say, and whoever follows the feed misses none.

use std::collections::{BTreeMap, BTreeSet};

use baton_wire::v1::{self, DecisionSaid, SectionKind};

use super::{Child, names, naming};
use crate::chance::{Dice, seed};
use crate::decisions::said_by_a_parent;
use crate::harness::*;

const CHILDREN: usize = 8;
const STEPS: usize = 48;
const ABOUT_FRIENDS: &[SectionKind] = &[SectionKind::Relationships];

/// What a child's records say.
struct Known {
    child: Child,
    to: Option<usize>,
    friends: BTreeSet<usize>,
    profile: String,
    withdrawn: bool,
    restricted: bool,
    refused: bool,
}

impl Known {
    /// Whether a school may know that the child comes.
    fn comes_to(&self, school: usize) -> bool {
        self.to == Some(school) && !self.withdrawn && !self.restricted && !self.refused
    }
}

/// A school and somebody there who follows the feed.
struct School {
    setting: Setting,
    senco: Caller,
    subscription: String,
    token: String,
    /// By profile, what was there when it last came.
    followed: BTreeMap<String, BTreeSet<String>>,
}

struct Town<'e> {
    exchange: &'e Exchange,
    sender: Caller,
    children: Vec<Known>,
    schools: Vec<School>,
}

fn called(child: usize) -> String {
    format!("child {child}")
}

impl<'e> Town<'e> {
    async fn new(exchange: &'e Exchange, dice: &mut Dice) -> Town<'e> {
        let mut schools = Vec::new();
        for setting in [&exchange.secondary, &exchange.academy] {
            let senco = exchange.person(setting, &[v1::Role::Senco]).await;
            let subscription = senco.subscribe().await.unwrap();
            schools.push(School {
                setting: setting.clone(),
                senco,
                subscription,
                token: String::new(),
                followed: BTreeMap::new(),
            });
        }
        let mut children = Vec::new();
        for _ in 0..CHILDREN {
            let to = [None, Some(0), Some(1)][dice.below(3)];
            let setting = to.map(|school: usize| &schools[school].setting);
            let learner = vec![upn(exchange.number())];
            children.push(Known {
                child: exchange.child(&exchange.primary, learner, setting).await,
                to,
                friends: BTreeSet::new(),
                profile: String::new(),
                withdrawn: false,
                restricted: false,
                refused: false,
            });
        }
        let sender = exchange.publisher().await;
        let mut town = Self {
            exchange,
            sender,
            children,
            schools,
        };
        for child in 0..CHILDREN {
            town.publish(child, dice).await;
        }
        town
    }

    /// A profile with friends by chance.
    async fn publish(&mut self, at: usize, dice: &mut Dice) {
        let others = (0..CHILDREN).filter(|other| *other != at);
        let friends: BTreeSet<usize> = others.filter(|_| dice.one_in(2)).collect();
        let rows = friends
            .iter()
            .map(|one| self.children[*one].child.named(&called(*one)));
        let said = naming(&self.children[at].child.of, rows.collect());
        let said = signed(said, &format!("Head of year {}", dice.next()));
        let published = self.sender.publish(said).await.unwrap();
        assert_eq!(published.notices, []);
        let known = &mut self.children[at];
        (known.profile, known.friends, known.withdrawn) = (published.name, friends, false);
    }

    /// Something happens to a child; what was taken back of one is there again next time.
    async fn step(&mut self, dice: &mut Dice) -> String {
        let at = dice.below(CHILDREN);
        let of = self.children[at].child.of.name.clone();
        if self.children[at].restricted {
            self.sender.lift(&of).await.unwrap();
            self.children[at].restricted = false;
            return format!("{at} is not restricted any more");
        }
        if self.children[at].withdrawn {
            self.publish(at, dice).await;
            return format!("{at} is published again");
        }
        match dice.below(8) {
            0..=3 => {
                let school = usize::from(dice.one_in(3));
                let to = &self.schools[school].setting;
                self.exchange.goes_to(&self.children[at].child, to).await;
                self.children[at].to = Some(school);
                format!("{at} goes to {school}")
            }
            4 => {
                let profile = &self.children[at].profile;
                self.sender.withdraw(profile).await.unwrap();
                self.children[at].withdrawn = true;
                format!("{at} is withdrawn")
            }
            5 => {
                self.publish(at, dice).await;
                format!("{at} names {:?}", self.children[at].friends)
            }
            6 => {
                self.sender.restrict(&of).await.unwrap();
                self.children[at].restricted = true;
                format!("{at} is restricted")
            }
            _ => self.decide(at, &of).await,
        }
    }

    /// A parent refuses what is said of friends, or takes that back.
    async fn decide(&mut self, at: usize, of: &str) -> String {
        let known = &mut self.children[at];
        known.refused = !known.refused;
        let said = if known.refused {
            DecisionSaid::Refused
        } else {
            DecisionSaid::Withdrawn
        };
        said_by_a_parent(&self.sender, of, (said, ABOUT_FRIENDS)).await;
        format!("{at}: {said:?}")
    }

    /// Friends of a child whom a school is shown.
    fn shown(&self, child: &Known, school: usize) -> BTreeSet<String> {
        let friends = child.friends.iter();
        let come =
            friends.filter(|one| child.comes_to(school) && self.children[**one].comes_to(school));
        come.map(|one| called(*one)).collect()
    }

    /// Whether a school sees anything of a child's profile.
    fn is_open(child: &Known, school: usize) -> bool {
        child.to == Some(school) && !child.withdrawn && !child.restricted
    }

    async fn holds(&self, after: &str) {
        for (number, school) in self.schools.iter().enumerate() {
            for (at, child) in self.children.iter().enumerate() {
                let got = school.senco.get(&child.profile).await;
                let open = Self::is_open(child, number);
                assert_eq!(
                    got.is_ok(),
                    open,
                    "profile of {at} at {number}, after: {after}"
                );
                if let Ok(got) = got {
                    let expected = self.shown(child, number);
                    assert_eq!(
                        names(&got),
                        expected,
                        "friends of {at} at {number}, after: {after}"
                    );
                }
            }
        }
    }

    /// Follows each feed to where it tells of everything that is shown now.
    async fn is_followed(&mut self) {
        for number in 0..self.schools.len() {
            loop {
                let known = &self.schools[number].followed;
                let told = self
                    .children
                    .iter()
                    .filter(|child| Self::is_open(child, number))
                    .all(|child| {
                        let name = self.schools[number].senco.mine(&child.profile);
                        let told = known.get(&name);
                        told.is_some_and(|told| self.shown(child, number).is_subset(told))
                    });
                if told {
                    break;
                }
                let school = &mut self.schools[number];
                let turn = school
                    .senco
                    .await_item(&school.subscription, &school.token)
                    .await
                    .unwrap();
                school.token = turn.token;
                for shown in turn.items.into_iter().filter_map(|item| item.profile) {
                    let got = school.senco.get(&shown.name).await;
                    let seen = got.map_or_else(|_| BTreeSet::new(), |got| names(&got));
                    school.followed.insert(shown.name, seen);
                }
            }
        }
    }
}

on_both_engines! {
    async fn every_school_is_shown_those_who_come_and_nobody_else_whatever_happens(exchange) {
        let mut dice = Dice::of(seed(), 29);
        let mut town = Town::new(exchange, &mut dice).await;
        town.holds("the beginning").await;
        let mut shown = 0;
        for step in 0..STEPS {
            let done = town.step(&mut dice).await;
            town.holds(&done).await;
            for school in 0..2 {
                let each = town.children.iter().map(|child| town.shown(child, school).len());
                shown += each.sum::<usize>();
            }
            if step % 6 == 5 {
                town.is_followed().await;
            }
        }
        assert!(shown > STEPS, "{shown}: hardly anybody was ever shown");
        exchange.holds().await;
    }
}
