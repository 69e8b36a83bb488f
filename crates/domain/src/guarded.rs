//! What must not be written about a child whose identity was changed to protect it: names, places and
//! numbers of the identity before.
//!
//! Who was adopted, or is at risk, goes on under another name, and the likeliest way for the old one to
//! come back is a line that somebody copies from an old report. So the setting says, once, which words
//! would lead back (its [`Guard`]), and nothing that has one of them is published. They are looked for as
//! a reader would find them: whole words, whatever the case, accents, hyphens and apostrophes.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::ids::LearnerScheme;
use crate::raw::{Fields, Raw};
use crate::section::SectionKind;

/// Most phrases of one learner.
pub const PHRASES_MAX: usize = 32;
/// Most characters of a phrase.
pub const CHARS_MAX: usize = 60;
/// Fewest letters and digits of one: a single letter stands in every text.
pub const LETTERS_MIN: usize = 2;
/// How deep messages lie in a section at most, and more.
const DEPTH_MAX: usize = 16;

/// Why a text is no phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhraseFault {
    /// It has fewer than [`LETTERS_MIN`] letters and digits.
    TooShort,
    /// It has more than [`CHARS_MAX`] characters.
    TooLong,
}

/// A name, a place or a number that would lead back.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase {
    /// Its words with single spaces around them, and the same with what hyphens and apostrophes part
    /// drawn together.
    forms: [String; 2],
}

impl Phrase {
    /// The phrase of a text.
    pub fn parse(text: &str) -> Result<Self, PhraseFault> {
        if text.chars().count() > CHARS_MAX {
            return Err(PhraseFault::TooLong);
        }
        let forms = forms(text);
        let letters = forms[0].chars().filter(|one| *one != ' ').count();
        if letters < LETTERS_MIN {
            return Err(PhraseFault::TooShort);
        }
        Ok(Self { forms })
    }
}

/// Says nothing of what it is: a debug print ends up in a log.
impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phrase")
    }
}

/// The phrases of one learner, as they are kept: sealed, and shown to nobody.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Guard(Vec<String>);

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}

impl FromIterator<Phrase> for Guard {
    fn from_iter<I: IntoIterator<Item = Phrase>>(phrases: I) -> Self {
        let mut forms: Vec<_> = phrases.into_iter().flat_map(|one| one.forms).collect();
        forms.sort();
        forms.dedup();
        Self(forms)
    }
}

impl Guard {
    /// Whether the learner has none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a text has one of the phrases in it.
    pub fn is_named_in(&self, text: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let forms = forms(text);
        let one = |phrase: &String| forms.iter().any(|form| form.contains(phrase.as_str()));
        self.0.iter().any(one)
    }

    /// Where the bytes of a section have one: the numbers of the fields on the way to it, each place
    /// once.
    pub fn find(&self, section: &[u8]) -> Vec<Vec<u32>> {
        let mut found = Vec::new();
        if !self.is_empty() {
            self.look(section, &mut Vec::new(), &mut found);
            found.dedup();
        }
        found
    }

    /// A field of bytes is a text or a message: which of the two only the contract knows, so it is
    /// looked at as both, and the deepest place counts.
    fn look(&self, message: &[u8], path: &mut Vec<u32>, found: &mut Vec<Vec<u32>>) {
        for (number, raw) in Fields::of(message).flatten() {
            let Raw::Bytes(bytes) = raw else { continue };
            path.push(number);
            let before = found.len();
            if path.len() < DEPTH_MAX && Fields::of(bytes).all(|field| field.is_ok()) {
                self.look(bytes, path, found);
            }
            let text = || std::str::from_utf8(bytes);
            if found.len() == before && text().is_ok_and(|text| self.is_named_in(text)) {
                found.push(path.clone());
            }
            path.pop();
        }
    }
}

/// The words of a text between single spaces, in small letters without accents; then the same where
/// hyphens and apostrophes part nothing. A control character is between two texts: no phrase goes over
/// it.
fn forms(text: &str) -> [String; 2] {
    let mut forms = [" ".to_owned(), " ".to_owned()];
    let plain = text.nfkd().filter(|one| !is_combining_mark(*one));
    for one in plain.flat_map(char::to_lowercase) {
        let joins = matches!(one, '\'' | '’' | '‘' | 'ʼ' | '-' | '‐' | '‑' | '–');
        for (form, ignored) in forms.iter_mut().zip([false, joins]) {
            if one.is_alphanumeric() {
                push_plain(form, one);
            } else if one.is_control() && !one.is_whitespace() {
                form.push_str(" \0 ");
            } else if !ignored && !form.ends_with(' ') {
                form.push(' ');
            }
        }
    }
    for form in &mut forms {
        if !form.ends_with(' ') {
            form.push(' ');
        }
    }
    forms
}

/// Letters that have no accent to lose, as they are written where a keyboard lacks them.
fn push_plain(form: &mut String, letter: char) {
    match letter {
        'ß' => form.push_str("ss"),
        'æ' => form.push_str("ae"),
        'œ' => form.push_str("oe"),
        'þ' => form.push_str("th"),
        'ø' => form.push('o'),
        'ł' => form.push('l'),
        'đ' | 'ð' => form.push('d'),
        'ı' => form.push('i'),
        other => form.push(other),
    }
}

/// What leads back to an identity that was put away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A number the setting has retired, among those the learner is named by.
    Retired(LearnerScheme),
    /// The same in the section identity.
    Stated(LearnerScheme),
    /// Former UPNs of a learner that is guarded, or a retired one of any learner.
    FormerUpn,
    /// Former names of a learner that is guarded.
    FormerNames,
    /// A guarded phrase in a section, and the numbers of the fields on the way to it.
    Phrase(SectionKind, Vec<u32>),
    /// A guarded phrase in what the profile was signed with.
    Signatory,
    /// A guarded phrase in the title of a document.
    Title,
}

#[cfg(test)]
mod tests;
