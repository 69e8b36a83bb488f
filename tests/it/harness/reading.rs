//! Reading entries and items.

use baton_domain::log::Json;
use baton_wire::v1;

use super::caller::Caller;
use super::exchange::Exchange;

/// An entry, to be looked into.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line(Json);

impl Line {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let body = body
            .strip_prefix(baton_domain::entry::PREFIX)
            .expect("an entry's first bytes");
        Self(Json::parse(body).expect("canonical JSON"))
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Json> {
        path.split('/').try_fold(&self.0, |json, name| match json {
            Json::Obj(members) => members.get(name),
            Json::Arr(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        })
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        match self.get(path) {
            Some(Json::Str(text)) => text,
            other => panic!("{path} is {other:?} in {self:?}"),
        }
    }

    pub(crate) fn array(&self, path: &str) -> &[Json] {
        match self.get(path) {
            Some(Json::Arr(items)) => items,
            None => &[],
            other => panic!("{path} is {other:?}"),
        }
    }

    /// What was done and how it ended.
    pub(crate) fn said(&self) -> (&str, &str) {
        (self.text("kind"), self.text("verdict"))
    }
}

impl Caller {
    /// The stored entries from a position on, as this auditor reads them, and a checkpoint that
    /// covers them.
    pub(crate) async fn entries(&self, from: u64) -> (Vec<v1::LedgerEntry>, String) {
        let (mut entries, mut begun) = (Vec::new(), None);
        loop {
            let request = v1::ListEntriesRequest {
                parent: self.setting.clone(),
                start: i64::try_from(from).unwrap() + i64::try_from(entries.len()).unwrap(),
                page_size: 0,
            };
            let page = self
                .audit()
                .list_entries(request)
                .await
                .unwrap()
                .into_inner();
            entries.extend(page.entries);
            let size = page
                .checkpoint
                .lines()
                .nth(1)
                .unwrap()
                .parse::<u64>()
                .unwrap();
            // Reading is an entry too: what was there when the reading began is all there is.
            let size = *begun.get_or_insert(size);
            if from + entries.len() as u64 >= size {
                return (entries, page.checkpoint);
            }
        }
    }
}

impl Exchange {
    /// Every entry from a position on.
    pub(crate) async fn lines(&self, from: u64) -> Vec<Line> {
        let (entries, _) = self.officer.entries(from).await;
        entries
            .iter()
            .map(|entry| Line::parse(&entry.body))
            .collect()
    }

    /// The one entry since a size; more or fewer are a fault.
    #[track_caller]
    pub(crate) fn one_since(&self, size: u64) -> impl Future<Output = Line> {
        assert_eq!(
            self.size(),
            size + 1,
            "a refused or shown call is exactly one entry"
        );
        async move { self.lines(size).await.remove(0) }
    }
}

/// Kinds as numbers, in order.
pub(crate) fn numbers(kinds: &[i32]) -> Vec<u32> {
    let mut numbers: Vec<u32> = kinds
        .iter()
        .map(|kind| u32::try_from(*kind).unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Kinds of a profile by name, in order of their numbers.
pub(crate) fn kinds(profile: &v1::Profile) -> Vec<String> {
    let names = numbers(&profile.kinds).into_iter().map(|number| {
        baton_domain::section::SectionKind::from_number(number)
            .unwrap()
            .name()
            .to_owned()
    });
    names.collect()
}

/// The one profile of a turn.
#[track_caller]
pub(crate) fn the_profile(items: &[v1::Item]) -> &v1::Profile {
    let [item] = items else {
        panic!("one item was to come, not {}: {items:?}", items.len())
    };
    assert_eq!(item.kind(), v1::ItemKind::Profile, "{item:?}");
    item.profile.as_ref().expect("a profile item has one")
}
