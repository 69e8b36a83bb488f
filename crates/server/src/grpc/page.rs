//! Page tokens: sealed, and bound to caller and arguments.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use baton_domain::act::Caller;
use baton_store::Ledger;
use baton_wire::status::{Problem, Reason};
use baton_wire::violation::Violation;

/// What a page token is bound to.
pub(super) struct Binding<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) caller: &'a Caller,
    /// The method and every argument that shapes the list.
    pub(super) arguments: String,
}

impl Binding<'_> {
    fn bound(&self) -> [&[u8]; 4] {
        [
            b"page",
            self.caller.credential.as_str().as_bytes(),
            self.caller.acting.as_str().as_bytes(),
            self.arguments.as_bytes(),
        ]
    }

    /// A token that goes on after `last`, which it does not show: it may be something the caller
    /// was not. None for the last page.
    pub(super) fn seal(&self, last: Option<&str>) -> Result<String, Problem> {
        let Some(last) = last else {
            return Ok(String::new());
        };
        let sealed = self.ledger.seal_token(&self.bound(), last);
        let sealed = sealed.map_err(|_| Problem::from(Reason::Internal))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What a token goes on after; none for the first page.
    pub(super) fn open(&self, token: &str) -> Result<Option<String>, Violation> {
        if token.is_empty() {
            return Ok(None);
        }
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
        let last = sealed.and_then(|sealed| self.ledger.open_token(&self.bound(), &sealed));
        let say = "Give the token of the page before, with the same arguments.";
        last.map(Some)
            .ok_or_else(|| Violation::new("page_token", "page_token", say))
    }
}

/// The size of a page: 0 means the ordinary one, and no page is larger than the largest.
pub(super) fn size(asked: i32, ordinary: usize, most: usize) -> Result<usize, Violation> {
    match usize::try_from(asked) {
        Ok(0) => Ok(ordinary),
        Ok(size) => Ok(size.min(most)),
        Err(_) => Err(Violation::new(
            "page_size",
            "page_size",
            "Give 0 or a positive number.",
        )),
    }
}
