//! What was typed and what came, fit for a snapshot: everything that differs from run to run is
//! masked. Ids keep who is who: the first setting that is spoken of is `stg_1` to the end.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::told::Told;
use crate::harness::this_academic_year;

/// What differs, and what stands for it. In this order: a time has a date in it.
static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"\b\d{1,2} [A-Z][a-z]+ \d{4} \d\d:\d\d:\d\d\b", "[time]"),
        (r"\b([A-Z][a-z]+day )?\d{1,2} [A-Z][a-z]+ \d{4}\b", "[day]"),
        (r"\bAt \d\d:\d\d\b", "At [time]"),
        (r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[time]"),
        (r"\b\d{16}\b", "[time]"),
        (r"until \d{4}-\d\d-\d\d", "until [day]"),
        (r"baton_[a-z]+_[0-9a-z_]+", "[key]"),
        (r"/1\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", "/1+[key]"),
        (r#""bytes":"[A-Za-z0-9+/=]+""#, r#""bytes":"[bytes]""#),
        (r#""leafHash":"[A-Za-z0-9+/=]+""#, r#""leafHash":"[hash]""#),
        (r"\\n\d+\\n[A-Za-z0-9+/]{43}=\\n", r"\n[n]\n[root]\n"),
        (r" [A-Za-z0-9+/]{60,}=*\\n", r" [signature]\n"),
        (r"\b[0-9a-f]{64}\b", "[hash]"),
        (r"\b[0-9a-f]{32}\b", "[request]"),
        (r"(key is |\x22key\x22:\x22)[0-9a-f]{8}\b", "$1[key id]"),
        (r"(localhost|127\.0\.0\.1):\d+", "$1:[port]"),
        (r#""(position|size)":"?\d+"?"#, r#""$1":[n]"#),
        (r"\bentry \d+", "entry [n]"),
        (r"\b\d+ entries\b( hashed| \(\d)", "[n] entries$1"),
    ]
    .map(|(pattern, mask)| (Regex::new(pattern).unwrap(), mask))
    .into()
});

static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([a-z]{3})_[0-9a-z]{26}\b").unwrap());

/// Commands that tell of many things in no order that could be foretold.
const LISTS: [&str; 3] = ["baton status", " list", "baton subscribe"];

/// A dialogue with the program.
#[derive(Default)]
pub(super) struct Shown {
    text: String,
    ids: HashMap<String, String>,
}

impl Shown {
    /// One command and what it told.
    pub(super) fn step(&mut self, typed: &str, told: &Told) {
        let listed = LISTS.iter().any(|word| typed.contains(word));
        let typed = self.masked(typed);
        let _ = writeln!(self.text, "$ {typed}\n[{}]", told.code);
        self.lines("out", &told.out, listed);
        self.lines("err", &told.err, false);
        self.text.push('\n');
    }

    /// The dialogue since it was last asked for; ids stay who they are.
    pub(super) fn chapter(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// Lists come in the order of random ids, and what was published together in that of its
    /// commit: neighbours that name something are sorted by what they say.
    fn lines(&mut self, from: &str, text: &str, listed: bool) {
        let mut rest: Vec<&str> = text.lines().collect();
        let mut at = 0;
        while listed && at < rest.len() {
            let names = |line: &&&str| ID.is_match(line) && !line.starts_with("  delete ");
            let run = rest[at..].iter().take_while(names).count();
            rest[at..at + run].sort_by_cached_key(|line| self.known(line));
            at += run.max(1);
        }
        for line in rest {
            let line = self.masked(line);
            let _ = writeln!(self.text, "{from}: {line}");
        }
    }

    /// With the ids that were spoken of, others without a number.
    fn known(&self, text: &str) -> String {
        let masked = ID.replace_all(text, |id: &Captures<'_>| {
            let number = self.ids.get(&id[0]);
            number.cloned().unwrap_or_else(|| id[1].to_owned())
        });
        mask(&masked)
    }

    fn masked(&mut self, text: &str) -> String {
        let named = ID.replace_all(text, |id: &Captures<'_>| {
            let kind = format!("{}_", &id[1]);
            let next = self.ids.values().filter(|it| it.starts_with(&kind)).count() + 1;
            let number = self.ids.entry(id[0].to_owned());
            number.or_insert_with(|| format!("{kind}{next}")).clone()
        });
        mask(&named)
    }
}

fn mask(text: &str) -> String {
    let mut text = text.trim_end().to_owned();
    for (pattern, mask) in MASKS.iter() {
        text = pattern.replace_all(&text, *mask).into_owned();
    }
    // The files speak of the year this is.
    let year = this_academic_year();
    let short = (year + 1) % 100;
    text.replace(&format!("{year}/{short:02}"), "[year]/[next]")
        .replace(&year.to_string(), "[year]")
        .replace(&(year + 1).to_string(), "[next]")
}
