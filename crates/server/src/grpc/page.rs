//! Page tokens: opaque, and bound to caller and arguments.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use baton_domain::act::Caller;
use baton_store::Ledger;
use baton_wire::violation::Violation;

const MAC_BYTES: usize = 16;

/// What a page token is bound to.
pub(super) struct Binding<'a> {
    pub(super) ledger: &'a Ledger,
    pub(super) caller: &'a Caller,
    /// The method and every argument that shapes the list.
    pub(super) arguments: String,
}

impl Binding<'_> {
    fn mac(&self, last: &str) -> [u8; MAC_BYTES] {
        let parts = [
            self.caller.credential.as_str().as_bytes(),
            self.caller.acting.as_str().as_bytes(),
            self.arguments.as_bytes(),
            last.as_bytes(),
        ];
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&self.ledger.keyed_digest("page", &parts)[..MAC_BYTES]);
        mac
    }

    /// A token that goes on after `last`.
    pub(super) fn seal(&self, last: &str) -> String {
        let mut bytes = self.mac(last).to_vec();
        bytes.extend_from_slice(last.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token goes on after; none for the first page.
    pub(super) fn open(&self, token: &str) -> Result<Option<String>, Violation> {
        if token.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            let say = "Give the token of the page before, with the same arguments.";
            Violation::new("page_token", "page_token", say)
        };
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
        let (mac, last) = bytes.split_at_checked(MAC_BYTES).ok_or_else(wrong)?;
        let last = std::str::from_utf8(last).map_err(|_| wrong())?;
        if self.mac(last) == mac {
            Ok(Some(last.to_owned()))
        } else {
            Err(wrong())
        }
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
