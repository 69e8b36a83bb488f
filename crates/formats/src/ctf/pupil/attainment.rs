use baton_domain::codes;
use jiff::civil::Date;

use crate::{
    ctf::block::{Block, EARLIEST},
    problem::Findings,
    rule::Rule,
};

/// Most results taken over.
const MAX_RESULTS: usize = 400;
/// Years ahead a target or an estimate can be of.
const MAX_YEARS_AHEAD: u16 = 10;

/// One result. Which combinations of subject, method and component are legal changes every year by
/// tables of the Department for Education; here they are keys.
#[derive(Clone, PartialEq)]
pub struct Assessment {
    /// `Stage`, e.g. `KS2`. `EYF`, as some products write, is `FSP` here.
    pub stage: String,
    /// `Locale`: `ENG` or `WAL`.
    pub locale: Option<String>,
    /// `Year`: the calendar year of the assessment.
    pub year: Option<u16>,
    /// `Subject`.
    pub subject: Option<String>,
    /// `Method`.
    pub method: Option<String>,
    /// `Component`.
    pub component: Option<String>,
    /// `ResultStatus`, e.g. `R`: a result, not an estimate.
    pub status: Option<String>,
    /// `ResultQualifier`: how to read the result.
    pub qualifier: Option<String>,
    /// `Result`.
    pub result: String,
    /// `ResultDate`.
    pub date: Option<Date>,
}

impl Assessment {
    pub(super) fn read_all(pupil: &mut Block<'_>, f: &mut Findings) -> Vec<Self> {
        let Some(mut stages) = pupil.block("StageAssessments", f) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for mut stage in stages.blocks("KeyStage") {
            let name = stage.require("Stage", f, |stage, f| key(stage, "Stage", f));
            let name = name.map(|name| {
                if name == "EYF" {
                    "FSP".to_owned()
                } else {
                    name
                }
            });
            for row in stage.blocks("StageAssessment") {
                all.extend(Self::read(name.as_deref(), row, f));
            }
            stage.finish(f);
        }
        if all.len() > MAX_RESULTS {
            let text = format!("only the first {MAX_RESULTS} results are taken over");
            f.note(stages.line(), "StageAssessments", text);
            all.truncate(MAX_RESULTS);
        }
        stages.finish(f);
        all
    }

    fn read(stage: Option<&str>, mut row: Block<'_>, f: &mut Findings) -> Option<Self> {
        let this_year = row.context().today.year().unsigned_abs();
        let (line, path) = (row.line(), row.path_of("ResultQualifier"));
        let result = row.require("Result", f, |row, f| row.text("Result", 20, f));
        let locale = row.read("Locale", f, |value| {
            let known = matches!(value, "ENG" | "WAL");
            known
                .then(|| value.to_owned())
                .ok_or(Rule::Form("ENG or WAL"))
        });
        let subject = key(&mut row, "Subject", f);
        let method = key(&mut row, "Method", f);
        let component = key(&mut row, "Component", f);
        let status = row.code("ResultStatus", &codes::RESULT_STATUS, f);
        let is_to_come = matches!(status.as_deref(), Some("T" | "E"));
        let latest = this_year + if is_to_come { MAX_YEARS_AHEAD } else { 0 };
        let year = row.number("Year", 1990, latest, f);
        let qualifier = key(&mut row, "ResultQualifier", f);
        let date = row.past_date("ResultDate", EARLIEST, f);
        row.finish(f);
        let stage = stage?;
        let mut scale = qualifier.iter();
        let unknown_scale = scale.any(|scale| !codes::RESULT_QUALIFIER.contains(scale));
        if unknown_scale || !codes::ASSESSMENT_STAGE.contains(stage) {
            // A result on a scale nobody can name would mislead.
            f.note(
                line,
                &path,
                "result left out: unknown stage or qualifier".to_owned(),
            );
            return None;
        }
        Some(Self {
            stage: stage.to_owned(),
            locale,
            year,
            subject,
            method,
            component,
            status,
            qualifier,
            result: result?,
            date,
        })
    }
}

/// A key of the assessment tables: up to three capitals and digits.
fn key(row: &mut Block<'_>, name: &str, f: &mut Findings) -> Option<String> {
    row.read(name, f, |value| {
        let right = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let is_key = value.len() <= 3 && value.bytes().all(right);
        is_key
            .then(|| value.to_owned())
            .ok_or(Rule::Form("a key of at most three characters"))
    })
}
