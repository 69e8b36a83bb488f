//! The whole reachable space, role by role.
//!
//! One role at a time is enough: a permit names one role and a guard none (the
//! loader refuses anything else), so a caller with several roles is allowed
//! exactly what one of them is.

use super::action::{Action, Dimensions};
use super::role::{Role, RoleSet};
use super::tuple::{Facts, Tuple};
use super::vocabulary::{AgeStage, Assurance, Delegation, Relation, RouteGroup, SharingDecision};
use crate::opening::Window;
use crate::section::SectionKind;

/// The pairs of delegation and assurance that occur.
const CHANNELS: [(Delegation, Assurance); 6] = [
    (Delegation::Direct, Assurance::Certificate),
    (Delegation::Direct, Assurance::Key),
    (Delegation::Direct, Assurance::PersonSecondFactor),
    (Delegation::Vendor, Assurance::Certificate),
    (Delegation::Vendor, Assurance::Key),
    (Delegation::VendorWithoutThis, Assurance::Key),
];

/// Every tuple that can occur, in a fixed order, each with one role.
#[derive(Clone, Debug)]
pub struct Space {
    blocks: Vec<Block>,
    len: usize,
}

/// The cells of one action, relation and kind. They differ in roles and in the
/// dimensions used, so the place of a cell is a number of mixed radix.
#[derive(Clone, Debug)]
struct Block {
    start: usize,
    about: Facts,
    used: Dimensions,
}

impl Space {
    /// The space of every action.
    pub fn whole() -> Self {
        Self::of(Action::ALL)
    }

    /// The space of these actions.
    pub fn of(actions: &[Action]) -> Self {
        let mut space = Self {
            blocks: Vec::new(),
            len: 0,
        };
        for &action in actions {
            let has = |dimension| action.dimensions().contains(dimension);
            let relations: &[Relation] = if has(Dimensions::RELATION) {
                Relation::ALL
            } else {
                &[Relation::None]
            };
            for &relation in relations {
                if has(Dimensions::KIND) {
                    for kind in SectionKind::ALL {
                        space.add(action, relation, Some(kind));
                    }
                } else {
                    space.add(action, relation, None);
                }
            }
        }
        space
    }

    fn add(&mut self, action: Action, relation: Relation, kind: Option<SectionKind>) {
        let mut about = Facts::about(action, RoleSet::EMPTY);
        about.relation = relation;
        about.kind = kind;
        let block = Block {
            start: self.len,
            about,
            used: action.dimensions().narrowed(relation, kind),
        };
        self.len += block.len();
        self.blocks.push(block);
    }

    /// How many cells.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no cell; only so for no action at all.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The cell at that place, so that a sample can be drawn; `None` from `len` on.
    pub fn get(&self, place: usize) -> Option<Tuple> {
        let after = self.blocks.partition_point(|block| block.start <= place);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        (place < self.len).then(|| block.cell(place - block.start))
    }

    /// Every cell, those that differ only in the role next to each other.
    pub fn iter(&self) -> impl Iterator<Item = Tuple> {
        self.blocks
            .iter()
            .flat_map(|block| (0..block.len()).map(|place| block.cell(place)))
    }
}

impl Block {
    fn len(&self) -> usize {
        let count = |dimension, of: usize| {
            if self.used.contains(dimension) { of } else { 1 }
        };
        Role::ALL.len()
            * count(Dimensions::CHANNEL, CHANNELS.len())
            * count(Dimensions::WINDOW, Window::ALL.len())
            * count(Dimensions::SHARING, SharingDecision::ALL.len())
            * count(Dimensions::AGE, AgeStage::ALL.len())
            * count(Dimensions::ROUTE, RouteGroup::ALL.len())
            * count(Dimensions::FILLED, 2)
            * count(Dimensions::AGREEMENT, 2)
            * count(Dimensions::LEGAL_HOLD, 2)
            * count(Dimensions::NOTE_RELEASED, 2)
    }

    fn cell(&self, place: usize) -> Tuple {
        let mut rest = place;
        let mut facts = self.about;
        facts.roles = RoleSet::only(digit(&mut rest, Role::ALL));
        let mut set = |dimension, set: &mut dyn FnMut(&mut usize, &mut Facts)| {
            if self.used.contains(dimension) {
                set(&mut rest, &mut facts);
            }
        };
        let switch = &[false, true];
        set(Dimensions::CHANNEL, &mut |rest, facts| {
            (facts.delegation, facts.assurance) = digit(rest, &CHANNELS);
        });
        set(Dimensions::WINDOW, &mut |rest, facts| {
            facts.window = digit(rest, &Window::ALL);
        });
        set(Dimensions::SHARING, &mut |rest, facts| {
            facts.sharing = digit(rest, SharingDecision::ALL);
        });
        set(Dimensions::AGE, &mut |rest, facts| {
            facts.age = digit(rest, AgeStage::ALL);
        });
        set(Dimensions::ROUTE, &mut |rest, facts| {
            facts.route = digit(rest, RouteGroup::ALL);
        });
        set(Dimensions::FILLED, &mut |rest, facts| {
            facts.filled_by_caller = digit(rest, switch);
        });
        set(Dimensions::AGREEMENT, &mut |rest, facts| {
            facts.agreement_in_force = digit(rest, switch);
        });
        set(Dimensions::LEGAL_HOLD, &mut |rest, facts| {
            facts.legal_hold = digit(rest, switch);
        });
        set(Dimensions::NOTE_RELEASED, &mut |rest, facts| {
            facts.note_released = digit(rest, switch);
        });
        Tuple::new(facts)
    }
}

/// Takes the lowest digit of a number of mixed radix: one of these words.
fn digit<T: Copy>(rest: &mut usize, words: &[T]) -> T {
    let word = words[*rest % words.len()];
    *rest /= words.len();
    word
}
