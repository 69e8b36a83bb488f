use baton_domain::codes::{self, import};
use jiff::civil::Date;

use crate::{
    ctf::block::{Block, EARLIEST},
    problem::Findings,
    rule::Rule,
};

/// Most ranked needs: one of each type.
const MAX_RANK: u16 = 14;

/// Most provisions taken over: the present one and twenty before it.
const MAX_PROVISIONS: usize = 21;

/// Special educational needs.
#[derive(Clone, Default, PartialEq)]
pub struct Sen {
    /// `SEN`, in the order of the file: the provisions the pupil had and has.
    pub provisions: Vec<SenProvision>,
    /// `SENneeds`, by rank.
    pub needs: Vec<SenNeed>,
}

/// A provision from a day on, until the next begins.
#[derive(Clone, PartialEq)]
pub struct SenProvision {
    /// `SENprovision`: `N`, `K` or `E`.
    pub provision: String,
    /// `StartDate`; needless for `N`.
    pub started: Option<Date>,
}

/// One type of need.
#[derive(Clone, PartialEq)]
pub struct SenNeed {
    /// `SENtypeRank`: 1 is the primary need.
    pub rank: u16,
    /// `SENtype`.
    pub need: String,
    /// `NeedStartDate`, since version 17.
    pub started: Option<Date>,
    /// `NeedEndDate`, since version 17.
    pub ended: Option<Date>,
}

impl Sen {
    /// The provisions, the one in force first. Files list them in either order; without dates the
    /// one that stands last is taken for the latest.
    pub fn latest_first(&self) -> Vec<&SenProvision> {
        let mut provisions: Vec<&SenProvision> = self.provisions.iter().collect();
        provisions.sort_by_key(|provision| provision.started);
        provisions.reverse();
        provisions
    }

    pub(super) fn read(pupil: &mut Block<'_>, f: &mut Findings) -> Self {
        let Some(mut history) = pupil.block("SENhistory", f) else {
            return Self::default();
        };
        let rows = history.first_blocks("SEN", MAX_PROVISIONS, f).into_iter();
        let provisions = rows.filter_map(|row| SenProvision::read(row, f)).collect();
        let needs = history.block("SENneeds", f);
        let needs_line = needs.as_ref().map_or(history.line(), Block::line);
        let needs = needs.map(|needs| needs_of(needs, f)).unwrap_or_default();
        let mut sen = Self { provisions, needs };
        if sen.settle() {
            let path = history.path_of("SENneeds");
            let text = "NSA left out where provision is not K, and ranks closed up";
            f.note(needs_line, &path, text.to_owned());
        }
        history.finish(f);
        sen
    }

    /// Makes of the needs what the contract takes, and says whether that changed anything. Products
    /// leave NSA behind when the provision changes, and a gap where a need was taken out; neither
    /// is a reason to refuse a child, and neither says anything more.
    fn settle(&mut self) -> bool {
        let before = self.needs.clone();
        let provision = self.latest_first().first().map(|it| it.provision.clone());
        if provision.is_some_and(|provision| provision != "K") {
            self.needs
                .retain(|need| need.need != "NSA" || need.ended.is_some());
        }
        let mut ranks: Vec<u16> = self.needs.iter().map(|need| need.rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        for need in &mut self.needs {
            need.rank = (1..)
                .zip(&ranks)
                .find(|(_, old)| **old == need.rank)
                .map_or(need.rank, |(new, _)| new);
        }
        self.needs != before
    }
}

impl SenProvision {
    fn read(mut row: Block<'_>, f: &mut Findings) -> Option<Self> {
        let provision = row.require("SENprovision", f, |row, f| {
            row.imported(
                "SENprovision",
                &codes::SEN_PROVISION,
                import::sen_provision,
                f,
            )
        });
        let started = row.past_date("StartDate", EARLIEST, f);
        row.finish(f);
        Some(Self {
            provision: provision?,
            started,
        })
    }
}

impl SenNeed {
    fn read(mut row: Block<'_>, f: &mut Findings) -> Option<Self> {
        // Rank and type stand in either order, but never alone.
        let rank = row.require("SENtypeRank", f, |row, f| {
            row.number("SENtypeRank", 1, MAX_RANK, f)
        });
        let need = row.require("SENtype", f, |row, f| {
            row.imported("SENtype", &codes::SEN_NEED, import::sen_need, f)
        });
        let started = row.past_date("NeedStartDate", EARLIEST, f);
        let ended = row.past_date("NeedEndDate", EARLIEST, f);
        if started.zip(ended).is_some_and(|(start, end)| end < start) {
            f.absence(row.line(), &row.path_of("NeedEndDate"), Rule::DatesReversed);
        }
        row.finish(f);
        Some(Self {
            rank: rank?,
            need: need?,
            started,
            ended,
        })
    }
}

/// The needs by rank. Two of one rank would leave open which is the primary one.
fn needs_of(mut block: Block<'_>, f: &mut Findings) -> Vec<SenNeed> {
    let rows = block
        .first_blocks("SENneed", MAX_RANK.into(), f)
        .into_iter();
    let mut needs: Vec<SenNeed> = rows.filter_map(|row| SenNeed::read(row, f)).collect();
    needs.sort_by_key(|need| need.rank);
    // A need that ended may give its rank to the next.
    let current: Vec<u16> = needs
        .iter()
        .filter(|n| n.ended.is_none())
        .map(|n| n.rank)
        .collect();
    if current.windows(2).any(|pair| pair[0] == pair[1]) {
        let rule = Rule::Together("gives one rank to two needs");
        f.absence(block.line(), &block.path_of("SENneed"), rule);
    }
    block.finish(f);
    needs
}
