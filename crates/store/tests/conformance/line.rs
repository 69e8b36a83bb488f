//! An entry as a test looks into it.

use baton_domain::log::Json;

/// An entry, to be looked into.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line(Json);

impl Line {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let body = body.strip_prefix(baton_domain::entry::PREFIX).unwrap();
        Self(Json::parse(body).unwrap())
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
            other => panic!("{path} is {other:?}"),
        }
    }

    pub(crate) fn array(&self, path: &str) -> &[Json] {
        match self.get(path) {
            Some(Json::Arr(items)) => items,
            None => &[],
            other => panic!("{path} is {other:?}"),
        }
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("kind")
    }

    pub(crate) fn verdict(&self) -> &str {
        self.text("verdict")
    }
}
