//! Gives a reviewed draft out: what is no longer in it gets its reason, and the ledger is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use aws_lc_rs::{digest, rand};
use baton_client::{Client, request_id};
use baton_domain::disclosure::{Audience, Exemption};
use baton_wire::v1;
use serde_json::json;

use super::draft::BANNER;
use super::learner::Learner;
use super::record::{Line, Record, Released, Releasing, Reviewed};
use super::report::fetch;
use crate::commands::audit::entries::hex;
use crate::output::{Broken, Exit, Output, Wrong};

/// What the reviewer says about the draft.
#[derive(Debug)]
pub(super) struct Review {
    pub(super) draft: PathBuf,
    /// Entries whose line was taken out, and why.
    pub(super) withheld: BTreeMap<u64, &'static Exemption>,
    /// Entries whose line was written anew.
    pub(super) reworded: BTreeSet<u64>,
    pub(super) dry_run: bool,
}

pub(super) async fn run(review: Review, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let path = Record::beside(&review.draft);
    let mut record = Record::read(&path)?;
    let text = std::fs::read(&review.draft);
    let text = text.map_err(|error| Wrong::unreadable(&review.draft, &error))?;
    let audience = Audience::parse(&record.audience);
    let audience = audience.context("the record names no audience of this version")?;
    let (reviewed, lines) = judge(&review, &record, &text, audience)?;
    let withheld = counted(&record, &reviewed);
    if review.dry_run {
        tell(&review.draft, &record, lines, &withheld, output);
        return Ok(Exit::Done);
    }
    let releasing = match record.releasing.take() {
        Some(before) if before.commitment != commitment(&before.salt, &text)? => {
            let say = "this draft was given out, or about to be, with another text: make a new \
                       draft, so that each text has its own entry";
            return Err(Wrong(say.to_owned()).into());
        }
        Some(before) => Releasing { reviewed, ..before },
        None => begin(&text, reviewed)?,
    };
    record.releasing = Some(releasing.clone());
    let learner = learner(&record, client, output).await?;
    record.replace(&path).await?;
    let request = v1::RecordDisclosureRequest {
        audience: v1::DisclosureAudience::from(audience).into(),
        commitment: unhex(&releasing.commitment)?.into(),
        lines: i32::try_from(lines)?,
        withheld: withheld
            .iter()
            .map(|(exemption, lines)| {
                Ok(v1::WithheldLines {
                    exemption: exemption.clone(),
                    lines: i32::try_from(*lines)?,
                })
            })
            .collect::<anyhow::Result<_>>()?,
        request_id: releasing.request_id,
        ..learner.disclose()
    };
    let receipt = client.record_disclosure(request).await?.receipt;
    let receipt = receipt.context("the answer has no receipt")?;
    // A replay does not tell the leaf hash again.
    if record.released.is_none() || receipt.leaf_hash.iter().any(|byte| *byte != 0) {
        record.released = Some(Released {
            position: receipt.position,
            time_us: receipt.time_us,
            leaf_hash: hex(&receipt.leaf_hash),
        });
    }
    record.replace(&path).await?;
    tell(&review.draft, &record, lines, &withheld, output);
    Ok(Exit::Done)
}

/// Every line that is gone or changed needs a word; all that have none are told at once. Answers
/// what was said about them, and how many lines the text has.
fn judge(
    review: &Review,
    record: &Record,
    text: &[u8],
    audience: Audience,
) -> anyhow::Result<(Vec<Reviewed>, usize)> {
    let text = std::str::from_utf8(text).map_err(|_| Wrong("the draft is no text".to_owned()))?;
    let mut wrong = Vec::new();
    if text.contains(BANNER) {
        wrong.push(
            "it still says that it is a draft: read it over and delete that paragraph".to_owned(),
        );
    }
    let (there, lines) = standing(text);
    let mut reviewed = Vec::new();
    let mut used = BTreeSet::new();
    for line in &record.lines {
        if there.contains(&(line.day.as_str(), line.text.as_str())) {
            continue;
        }
        let positions: Vec<u64> = line.entries.iter().map(|entry| entry.position).collect();
        let exemption = positions.iter().find_map(|it| review.withheld.get(it));
        let reworded = positions.iter().any(|it| review.reworded.contains(it));
        used.extend(positions.iter().copied());
        match (exemption, reworded) {
            (Some(exemption), false) => reviewed.push((positions, exemption.code.to_owned())),
            (None, true) => reviewed.push((positions, "reworded".to_owned())),
            (Some(_), true) => wrong.push(format!("{} is both withheld and reworded", of(line))),
            (None, false) => wrong.push(format!(
                "{} is not in it as it was: add --withhold {}:EXEMPTION, or --reworded {}",
                of(line),
                positions.first().copied().unwrap_or_default(),
                positions.first().copied().unwrap_or_default(),
            )),
        }
    }
    let named = review.withheld.keys().chain(&review.reworded);
    for stray in named.filter(|it| !used.contains(it)) {
        wrong.push(format!(
            "entry {stray} is of no line that was taken out or changed"
        ));
    }
    wrong.extend(not_binding(&review.withheld, audience));
    if wrong.is_empty() {
        return Ok((reviewed, lines));
    }
    let say = format!(
        "{} is not released:\n  {}",
        review.draft.display(),
        wrong.join("\n  ")
    );
    Err(Wrong(say).into())
}

/// Exemptions that do not hold against this audience, in words.
pub(super) fn not_binding(
    withheld: &BTreeMap<u64, &'static Exemption>,
    audience: Audience,
) -> Vec<String> {
    let loose = withheld
        .iter()
        .filter(|(_, exemption)| !exemption.binds(audience));
    let loose = loose.map(|(position, exemption)| {
        format!(
            "entry {position}: {} ({}) holds only against somebody who asks by parental \
             responsibility",
            exemption.code, exemption.provision
        )
    });
    loose.collect()
}

fn of(line: &Line) -> String {
    let entries: Vec<String> = line
        .entries
        .iter()
        .map(|it| it.position.to_string())
        .collect();
    format!(
        "\"{}\" of {} (entry {})",
        line.text,
        line.day,
        entries.join(", ")
    )
}

/// Lines of a text with the day they stand under, and how many there are.
fn standing(text: &str) -> (BTreeSet<(&str, &str)>, usize) {
    let (mut day, mut there, mut lines) = ("", BTreeSet::new(), 0);
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            day = title.trim_end();
        } else if let Some(told) = line.strip_prefix("- ") {
            there.insert((day, told.trim_end()));
            lines += 1;
        }
    }
    (there, lines)
}

fn counted(record: &Record, reviewed: &[Reviewed]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let before = record.left_out.iter().map(|it| &it.exemption);
    let now = reviewed
        .iter()
        .map(|(_, why)| why)
        .filter(|why| *why != "reworded");
    for exemption in before.chain(now) {
        *counts.entry(exemption.clone()).or_default() += 1;
    }
    counts
}

fn begin(text: &[u8], reviewed: Vec<Reviewed>) -> anyhow::Result<Releasing> {
    let mut salt = [0; 32];
    rand::fill(&mut salt).map_err(|_| anyhow::anyhow!("the machine gives no randomness"))?;
    let salt = hex(&salt);
    Ok(Releasing {
        request_id: request_id()?,
        commitment: commitment(&salt, text)?,
        salt,
        reviewed,
    })
}

/// SHA-256 over the salt's bytes and the text's, in hexadecimal.
fn commitment(salt: &str, text: &[u8]) -> anyhow::Result<String> {
    let mut sha256 = digest::Context::new(&digest::SHA256);
    sha256.update(&unhex(salt)?);
    sha256.update(text);
    Ok(hex(sha256.finish().as_ref()))
}

fn unhex(text: &str) -> anyhow::Result<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let bytes = digits.map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok())?
    });
    bytes
        .collect::<Option<_>>()
        .context("the record is damaged")
}

/// The learner of the record. A number is asked for again, and has to be the same child's: the
/// entries of the draft are still told of.
async fn learner(record: &Record, client: &Client, output: Output) -> anyhow::Result<Learner> {
    let learner = Learner::read(&record.learner, output)?;
    if matches!(learner, Learner::Number(_)) {
        let told: BTreeSet<String> = fetch(client, &learner)
            .await?
            .into_iter()
            .map(|it| it.leaf)
            .collect();
        let of_draft = record.lines.iter().flat_map(|line| &line.entries);
        if !of_draft
            .into_iter()
            .all(|entry| told.contains(&entry.leaf_hash))
        {
            let say = "that is not the learner this draft is about";
            return Err(Broken(say.to_owned()).into());
        }
    }
    Ok(learner)
}

fn tell(
    draft: &Path,
    record: &Record,
    lines: usize,
    withheld: &BTreeMap<String, u64>,
    output: Output,
) {
    let released = record.released.as_ref();
    let commitment = record.releasing.as_ref().map(|it| &it.commitment);
    let json = json!({ "released": {
        "file": draft.display().to_string(), "ledger": record.ledger,
        "position": released.map(|it| it.position), "leaf_hash": released.map(|it| &it.leaf_hash),
        "commitment": commitment, "audience": record.audience, "lines": lines,
        "withheld": withheld, "dry_run": released.is_none(),
    }});
    output.result(&json, || {
        let mut text = match released {
            Some(at) => format!(
                "{}: recorded as entry {} of {}; give it out as it is, a changed letter no longer \
                 fits the entry",
                draft.display(),
                at.position,
                record.ledger
            ),
            None => format!("{} may be released; nothing was recorded", draft.display()),
        };
        let _ = write!(text, "\nlines: {lines}");
        for (code, count) in withheld {
            let law = Exemption::find(code).map_or("", |it| it.provision);
            let _ = write!(text, "\nleft out: {count} by {code} ({law})");
        }
        text
    });
}
