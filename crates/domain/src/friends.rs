//! Other children that a profile names: when a reference to one of them is shown.
//!
//! A reference is a row about a third party. It goes to a receiver only where both children go
//! there: the reader is the destination of the learner's move and of a move of the child that is
//! named, both sent by who wrote the reference, both windows open. Policies decide before that
//! whether the reader sees the section at all; this rule only ever takes away from it.

use crate::opening::Window;

/// Other children one profile names at most: `max_items` of `Relationships.peers`. A turn of a
/// subscription that shows 64 profiles asks for the moves of 64 times as many children at most.
pub const PEERS_MAX: usize = 30;

/// How who reads stands to the contribution that names somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Wrote it, or looks after what its author left.
    Author,
    /// The destination of the learner's move, and its window.
    Destination(Window),
    /// Anybody else, whatever they receive: further, provisional, second registration, former.
    Other,
}

/// A move of the child that is named, as it stands to who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts of their own, not states of one thing"
)]
pub struct FriendsMove {
    /// Its sender wrote the reference.
    pub of_author: bool,
    /// It leads to who reads.
    pub to_reader: bool,
    /// The window of its destination.
    pub window: Window,
    /// What its sender published of the child was taken back.
    pub taken_back: bool,
    /// Somebody refused that who reads is told who the child is, or whose friend; or sender and reader
    /// have no agreement in force for this child.
    pub refused: bool,
}

impl FriendsMove {
    const fn arrives(self) -> bool {
        self.of_author
            && self.to_reader
            && matches!(self.window, Window::Open)
            && !self.taken_back
            && !self.refused
    }
}

/// Whether a reference is shown, by the moves of the child it leads to; of one that leads to
/// nobody there are none.
pub fn is_shown(reader: Reader, moves: impl IntoIterator<Item = FriendsMove>) -> bool {
    match reader {
        Reader::Author => true,
        Reader::Destination(Window::Open) => moves.into_iter().any(FriendsMove::arrives),
        Reader::Destination(_) | Reader::Other => false,
    }
}

/// Why a reference leads to no child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unlinked {
    /// It gives neither a UPN nor a local identifier.
    Unnamed,
    /// The author knows no child by what it gives, or not any more.
    Unknown,
    /// What it gives leads to different children.
    Differing,
}

impl Unlinked {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Unnamed, Self::Unknown, Self::Differing];

    /// The number it is kept under, fixed for good.
    pub const fn number(self) -> u8 {
        match self {
            Self::Unnamed => 1,
            Self::Unknown => 2,
            Self::Differing => 3,
        }
    }

    /// The one with a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMES: FriendsMove = FriendsMove {
        of_author: true,
        to_reader: true,
        window: Window::Open,
        taken_back: false,
        refused: false,
    };

    /// Every move there can be.
    fn moves() -> Vec<FriendsMove> {
        let flags = [false, true];
        let mut all = Vec::new();
        for (of_author, to_reader) in flags.iter().flat_map(|a| flags.map(|b| (*a, b))) {
            for (taken_back, refused) in flags.iter().flat_map(|a| flags.map(|b| (*a, b))) {
                all.extend(Window::ALL.map(|window| FriendsMove {
                    of_author,
                    to_reader,
                    window,
                    taken_back,
                    refused,
                }));
            }
        }
        all
    }

    fn readers() -> impl Iterator<Item = Reader> {
        let destinations = Window::ALL.map(Reader::Destination);
        destinations
            .into_iter()
            .chain([Reader::Author, Reader::Other])
    }

    #[test]
    fn of_all_moves_one_is_shown_and_to_one_reader() {
        assert_eq!(moves().len(), 64);
        for reader in readers().filter(|reader| *reader != Reader::Author) {
            let shown = moves()
                .into_iter()
                .filter(|one| is_shown(reader, [*one]))
                .collect::<Vec<_>>();
            let expected = match reader {
                Reader::Destination(Window::Open) => vec![COMES],
                _ => Vec::new(),
            };
            assert_eq!(shown, expected, "{reader:?}");
        }
    }

    #[test]
    fn who_wrote_it_sees_it_whatever_it_leads_to_and_nobody_else_sees_what_leads_nowhere() {
        for reader in readers() {
            assert_eq!(is_shown(reader, []), reader == Reader::Author);
        }
    }

    #[test]
    fn another_move_of_the_child_takes_nothing_away() {
        for other in moves() {
            let reader = Reader::Destination(Window::Open);
            assert!(is_shown(reader, [other, COMES]));
        }
    }
}
