//! `baton status`: how far the moves of the caller's setting or council have come; never content.
//!
//! JSON: the contract's `Transition` a line, with `fromDisplayName` and `toDisplayName` added under
//! `--names`; then `{"summary": {"moves": 3, "no_destination": 1, "states": {"PUBLISHED": 2}}}`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use baton_client::Client;
use baton_domain::calendar::AcademicYear;
use baton_domain::route::Point;
use baton_wire::{json, v1};
use clap::Args;
use serde_json::json;

use super::agreement;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

const PAGE: i32 = 500;

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton status
  baton status --point primary-to-secondary --year 2025 --names
  baton status --no-destination
  baton status --json | jq -r 'select(.state == \"TRANSITION_STATE_PLANNED\") | .name'")]
pub(crate) struct StatusArgs {
    /// Only this point: early-years-to-primary, primary-to-secondary, secondary-to-post-16 or
    /// post-16-to-adult.
    #[arg(long, value_parser = point)]
    point: Option<Point>,
    /// Only learners who leave in this academic year, by its first calendar year.
    #[arg(long, value_parser = year)]
    year: Option<AcademicYear>,
    /// Only moves without a destination.
    #[arg(long)]
    no_destination: bool,
    /// Show names of settings instead of their ids; reads the whole list of settings first.
    #[arg(long)]
    names: bool,
}

pub(crate) async fn run(
    args: StatusArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let names = if args.names {
        Some(names(&client).await?)
    } else {
        None
    };
    let mut tally = Tally::default();
    let mut without = BTreeSet::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListTransitionsRequest {
            page_size: PAGE,
            page_token,
            point: args.point.map_or(0, |point| v1::Point::from(point).into()),
            academic_year: args.year.map_or(0, |year| year.first_year().into()),
            no_destination_only: args.no_destination,
            ..Default::default()
        };
        let page = client.list_transitions(request).await?;
        let rows = page
            .transitions
            .iter()
            .map(|row| Row::of(row, names.as_ref()));
        let rows: Vec<Row> = rows.collect();
        if tally.moves == 0 && !rows.is_empty() && !output.is_json() {
            output.text(&Row::HEAD.line(&rows));
        }
        for (row, shown) in page.transitions.iter().zip(&rows) {
            tally.count(row);
            without.extend(row.missing_agreements.iter().map(agreement::told));
            output.result(&machine(row, names.as_ref()), || shown.line(&rows));
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    output.result(&tally.json(), || tally.to_string());
    agreement::advise(&without, output);
    Ok(Exit::Done)
}

/// Display names by resource name.
type Names = HashMap<String, String>;

async fn names(client: &Client) -> anyhow::Result<Names> {
    let mut names = Names::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListSettingsRequest {
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_settings(request).await?;
        names.extend(
            page.settings
                .into_iter()
                .map(|it| (it.name, it.display_name)),
        );
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(names);
        }
    }
}

fn machine(row: &v1::Transition, names: Option<&Names>) -> serde_json::Value {
    let mut json = json::write(row).unwrap_or_default();
    if let (Some(names), Some(members)) = (names, json.as_object_mut()) {
        for (key, setting) in [("fromDisplayName", &row.from), ("toDisplayName", &row.to)] {
            if let Some(name) = names.get(setting) {
                members.insert(key.to_owned(), name.as_str().into());
            }
        }
    }
    json
}

/// A move in columns.
struct Row<'a> {
    cells: [std::borrow::Cow<'a, str>; 8],
}

impl<'a> Row<'a> {
    const HEAD: Self = {
        use std::borrow::Cow::Borrowed as B;
        let cells = [
            B("learner"),
            B("point"),
            B("year"),
            B("state"),
            B("window"),
            B("from"),
            B("to"),
            B("move"),
        ];
        Row { cells }
    };

    fn of(row: &'a v1::Transition, names: Option<&'a Names>) -> Self {
        let setting = |name: &'a str| match names.and_then(|names| names.get(name)) {
            Some(name) => name.as_str(),
            None => name.trim_start_matches("settings/"),
        };
        // Told to source and council only; they know their learners by it.
        let learner = row.learner.first().map_or("", |it| it.value.as_str());
        let to = if row.to.is_empty() {
            "none yet"
        } else {
            setting(&row.to)
        };
        let cells = [
            learner.into(),
            words(row.point().as_str_name(), "POINT_").into(),
            format!("{}/{:02}", row.academic_year, (row.academic_year + 1) % 100).into(),
            words(row.state().as_str_name(), "TRANSITION_STATE_").into(),
            words(row.window().as_str_name(), "WINDOW_STATE_").into(),
            setting(&row.from).into(),
            to.into(),
            row.name.as_str().into(),
        ];
        Row { cells }
    }

    /// The cells under one another with those of its page; the last one is as long as it is.
    fn line(&self, page: &[Row<'_>]) -> String {
        let mut line = String::new();
        for (at, cell) in self.cells.iter().enumerate() {
            line.push_str(cell);
            if at + 1 == self.cells.len() {
                break;
            }
            let widths = page
                .iter()
                .chain([&Row::HEAD])
                .map(|row| row.cells[at].chars().count());
            let pad = widths.max().unwrap_or_default() + 2 - cell.chars().count();
            line.extend(std::iter::repeat_n(' ', pad));
        }
        line
    }
}

fn words(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix)
        .to_ascii_lowercase()
        .replace('_', " ")
}

#[derive(Debug, Default)]
struct Tally {
    moves: u64,
    no_destination: u64,
    states: BTreeMap<String, u64>,
}

impl Tally {
    fn count(&mut self, row: &v1::Transition) {
        self.moves += 1;
        self.no_destination += u64::from(row.to.is_empty());
        let state = row
            .state()
            .as_str_name()
            .trim_start_matches("TRANSITION_STATE_");
        *self.states.entry(state.to_owned()).or_default() += 1;
    }

    fn json(&self) -> serde_json::Value {
        json!({ "summary": {
            "moves": self.moves, "no_destination": self.no_destination, "states": self.states,
        }})
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.moves {
            0 => return write!(f, "no moves that your credential may see"),
            1 => write!(f, "1 move")?,
            n => write!(f, "{n} moves")?,
        }
        for (state, count) in &self.states {
            write!(f, ", {count} {}", words(state, ""))?;
        }
        match self.no_destination {
            0 => Ok(()),
            n => write!(f, "; {n} without a destination"),
        }
    }
}

/// Reads a point as people write it.
pub(super) fn point(text: &str) -> Result<Point, String> {
    Point::parse(&text.to_ascii_uppercase().replace('-', "_")).ok_or_else(|| {
        let names = Point::ALL.map(|point| point.name().to_ascii_lowercase().replace('_', "-"));
        format!("the points are {}", names.join(", "))
    })
}

/// Reads an academic year: `2025`, or as people write it, `2025/26`.
pub(super) fn year(text: &str) -> Result<AcademicYear, String> {
    let say = || "give the first calendar year, e.g. 2025 for 2025/26".to_owned();
    let (first, second) = text
        .split_once(['/', '-'])
        .map_or((text, None), |(a, b)| (a, Some(b)));
    let year: i32 = first.parse().map_err(|_| say())?;
    let fits = second.is_none_or(|second| second == format!("{:02}", (year + 1) % 100));
    AcademicYear::from_first_year(year)
        .ok()
        .filter(|_| fits)
        .ok_or_else(say)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_years_are_typed_as_people_write_them() {
        assert_eq!(point("secondary-to-post-16"), Ok(Point::SecondaryToPost16));
        assert!(
            point("year-7")
                .unwrap_err()
                .contains("primary-to-secondary")
        );
        assert_eq!(year("2025").unwrap(), year("2025/26").unwrap());
        assert!(year("2025/27").is_err());
        assert!(year("25").is_err());
    }
}
