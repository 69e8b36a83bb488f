//! Rules that speak of more than one field, as declared. Fields go by their numbers.

/// One rule of a field and others. All but [`Together::Requires`] are asked only when what they
/// speak of is given: a blank breaks none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// The date is not before that one.
    NotBefore(u32),
    /// The sum of those numbers is not above this one.
    Holds(&'static [u32]),
    /// That field is given too.
    Requires(u32),
    /// None of those is given beside it.
    NotWith(&'static [u32]),
    /// It is blank while that one is true.
    BlankIf(u32),
    /// The items of the list have each rank once, from 1 without a gap.
    Ranked {
        /// The rank of an item.
        by: u32,
        /// The date that ends an item: from then on another may have its rank.
        ended: Option<u32>,
    },
    /// No two items of the list share that field.
    Unique(u32),
    /// When one item says this, all do.
    AllOrNone(Value),
    /// An item that says this stands only beside a value of the message the list is in.
    OnlyBeside {
        /// What the item says.
        item: Value,
        /// What is said with it. Blank is no contradiction.
        beside: Value,
        /// The date that ends an item: what has ended asks for nothing beside it.
        ended: Option<u32>,
    },
}

/// A value of a text field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The field.
    pub number: u32,
    /// A code of its set.
    pub value: &'static str,
}

/// The rules between fields as a violation names them, and what to do, for the reference of errors.
pub const RULES: [(&str, &str); 9] = [
    ("date.before", "give a day that is not before the other one"),
    (
        "number.parts",
        "make the parts no more than the whole, all together",
    ),
    (
        "field.requires",
        "give the other field too, or leave both out",
    ),
    ("field.beside", "say it in one way and leave the other out"),
    (
        "field.kept_blank",
        "leave the field out while the other one is true",
    ),
    (
        "items.ranks",
        "rank the rows 1, 2, 3 and so on; only a row that has ended shares its rank",
    ),
    ("items.twice", "give one row for each"),
    (
        "items.all_or_none",
        "give that result in all rows or in none",
    ),
    (
        "items.only_beside",
        "mend the row or the value it stands beside; end the row if it is past",
    ),
];

impl Together {
    /// The rule as a violation names it.
    pub const fn code(&self) -> &'static str {
        let place = match self {
            Self::NotBefore(_) => 0,
            Self::Holds(_) => 1,
            Self::Requires(_) => 2,
            Self::NotWith(_) => 3,
            Self::BlankIf(_) => 4,
            Self::Ranked { .. } => 5,
            Self::Unique(_) => 6,
            Self::AllOrNone(_) => 7,
            Self::OnlyBeside { .. } => 8,
        };
        RULES[place].0
    }
}
