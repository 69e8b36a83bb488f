//! Resume tokens of a subscription: ledger, term, position, and the first bytes of the leaf hash
//! before that position. A token of another ledger, of another term, or of a history that was
//! replaced is recognised, and the subscriber is told.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use baton_store::{Ledger, StoreError};

const VERSION: u8 = 1;
const LEAF_BYTES: usize = 8;

/// Where a subscriber stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resume {
    /// Goes on here.
    At(u64),
    /// The token is of another ledger or of a time before a restore.
    Changed,
}

/// Why a token says nothing.
#[derive(Debug)]
pub(super) enum TokenError {
    /// Not a token of this service.
    Malformed,
    Store(StoreError),
}

/// The token that goes on at a position.
pub(super) async fn seal(ledger: &Ledger, position: u64) -> Result<String, StoreError> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&ledger.term().to_be_bytes());
    bytes.extend_from_slice(&position.to_be_bytes());
    bytes.extend_from_slice(&leaf_before(ledger, position).await?);
    bytes.extend_from_slice(ledger.id().as_str().as_bytes());
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a token; an empty one begins at the beginning.
pub(super) async fn open(ledger: &Ledger, token: &str) -> Result<Resume, TokenError> {
    if token.is_empty() {
        return Ok(Resume::At(0));
    }
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| TokenError::Malformed)?;
    let (version, rest) = bytes.split_first().ok_or(TokenError::Malformed)?;
    let (term, rest) = rest.split_first_chunk::<8>().ok_or(TokenError::Malformed)?;
    let (position, rest) = rest.split_first_chunk::<8>().ok_or(TokenError::Malformed)?;
    let (leaf, id) = rest
        .split_first_chunk::<LEAF_BYTES>()
        .ok_or(TokenError::Malformed)?;
    if *version != VERSION {
        return Err(TokenError::Malformed);
    }
    let position = u64::from_be_bytes(*position);
    if id != ledger.id().as_str().as_bytes() || u64::from_be_bytes(*term) != ledger.term() {
        return Ok(Resume::Changed);
    }
    let before = leaf_before(ledger, position)
        .await
        .map_err(TokenError::Store)?;
    Ok(if before == *leaf {
        Resume::At(position)
    } else {
        Resume::Changed
    })
}

/// First bytes of the leaf hash before a position; zeros at the beginning and past the end.
async fn leaf_before(ledger: &Ledger, position: u64) -> Result<[u8; LEAF_BYTES], StoreError> {
    let mut first = [0; LEAF_BYTES];
    if let Some(before) = position.checked_sub(1)
        && let Some(leaf) = ledger.leaf(before).await?
    {
        first.copy_from_slice(&leaf.as_bytes()[..LEAF_BYTES]);
    }
    Ok(first)
}
