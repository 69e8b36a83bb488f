//! The text of a policy set: one canonical form, so that one set has one hash.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_lc_rs::digest;

use super::policy_set::PolicyError;

/// The files shipped with this version.
const SHIPPED: [(&str, &str); 7] = [
    (
        "caretaking.cedar",
        include_str!("../../../../policies/caretaking.cedar"),
    ),
    (
        "council.cedar",
        include_str!("../../../../policies/council.cedar"),
    ),
    (
        "further.cedar",
        include_str!("../../../../policies/further.cedar"),
    ),
    (
        "guards.cedar",
        include_str!("../../../../policies/guards.cedar"),
    ),
    (
        "oversight.cedar",
        include_str!("../../../../policies/oversight.cedar"),
    ),
    (
        "receiving.cedar",
        include_str!("../../../../policies/receiving.cedar"),
    ),
    (
        "sending.cedar",
        include_str!("../../../../policies/sending.cedar"),
    ),
];

/// Opens each file inside the canonical text. A comment to the policy engine.
const FILE_MARK: &str = "//# file: ";

/// Named policy files. Comments are kept: they are what governance signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText(BTreeMap<String, String>);

impl PolicyText {
    /// Enough for ten times the shipped files; loading costs time that grows with it.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// The shipped files.
    pub fn shipped() -> Self {
        Self(
            SHIPPED
                .iter()
                .map(|(name, text)| ((*name).to_owned(), lines(text)))
                .collect(),
        )
    }

    /// The set made of these files, `(name, text)`.
    pub fn of<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, PolicyError> {
        let mut named = BTreeMap::new();
        let mut bytes = 0;
        for (name, text) in files {
            bytes += text.len();
            if bytes > Self::MAX_BYTES {
                return Err(PolicyError::TooLarge);
            }
            let text = lines(text);
            let marked = text.lines().any(|line| line.starts_with(FILE_MARK));
            if !is_file_name(name) || marked || named.insert(name.to_owned(), text).is_some() {
                return Err(PolicyError::File(name.to_owned()));
            }
        }
        Ok(Self(named))
    }

    /// The set as [`Self::canonical`] wrote it.
    pub fn from_canonical(canonical: &str) -> Result<Self, PolicyError> {
        let mut files: Vec<(&str, String)> = Vec::new();
        for line in canonical.lines() {
            match (line.strip_prefix(FILE_MARK), files.last_mut()) {
                (Some(name), _) => files.push((name, String::new())),
                (None, Some((_, text))) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, None) => return Err(PolicyError::File(String::new())),
            }
        }
        Self::of(files.iter().map(|(name, text)| (*name, text.as_str())))
    }

    /// The files, by name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// One text: the files by name, each under a line that names it, lines ended by
    /// a single line feed.
    pub fn canonical(&self) -> String {
        let mut canonical = String::new();
        for (name, text) in &self.0 {
            canonical.push_str(FILE_MARK);
            canonical.push_str(name);
            canonical.push('\n');
            canonical.push_str(text);
        }
        canonical
    }

    /// SHA-256 of the canonical text, in lower-case hex: the name an entry gives the
    /// set that decided it.
    pub fn hash(&self) -> String {
        let digest = digest::digest(&digest::SHA256, self.canonical().as_bytes());
        let mut hex = String::with_capacity(64);
        for byte in digest.as_ref() {
            let _infallible = write!(hex, "{byte:02x}");
        }
        hex
    }
}

fn lines(text: &str) -> String {
    let mut ended = String::with_capacity(text.len() + 1);
    for line in text.lines() {
        ended.push_str(line);
        ended.push('\n');
    }
    ended
}

fn is_file_name(name: &str) -> bool {
    name.strip_suffix(".cedar").is_some_and(|stem| {
        (1..=64).contains(&stem.len())
            && stem
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    })
}
