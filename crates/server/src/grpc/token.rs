//! Resume tokens of a subscription: version of the token, ledger, term, place in the feed, and the
//! first bytes of the leaf hash of the last entry of which anything lies before that place. A token
//! of another version, of another ledger, of another term, or of a history that was replaced is
//! recognised, and the subscriber is told.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use baton_domain::act::FeedPlace;
use baton_store::{Ledger, StoreError};

const VERSION: u8 = 2;
const LEAF_BYTES: usize = 8;

/// Where a subscriber stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resume {
    /// Goes on here.
    At(FeedPlace),
    /// The token is of another ledger, of a time before a restore, or of another version of the
    /// service.
    Changed,
}

/// Why a token says nothing.
#[derive(Debug)]
pub(super) enum TokenError {
    /// Not a token of this service.
    Malformed,
    Store(StoreError),
}

/// The token that goes on at a place.
pub(super) async fn seal(ledger: &Ledger, place: FeedPlace) -> Result<String, StoreError> {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(&ledger.term().to_be_bytes());
    bytes.extend_from_slice(&place.position.to_be_bytes());
    bytes.extend_from_slice(&place.item.to_be_bytes());
    bytes.extend_from_slice(&leaf_before(ledger, place).await?);
    bytes.extend_from_slice(ledger.id().as_str().as_bytes());
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Reads a token; an empty one begins at the beginning.
pub(super) async fn open(ledger: &Ledger, token: &str) -> Result<Resume, TokenError> {
    if token.is_empty() {
        return Ok(Resume::At(FeedPlace::default()));
    }
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(token)
        .map_err(|_| TokenError::Malformed)?;
    let rest = match bytes.split_first() {
        Some((&VERSION, rest)) => rest,
        // Refused, a subscriber that kept it would never get on.
        Some((1.., _)) => return Ok(Resume::Changed),
        _ => return Err(TokenError::Malformed),
    };
    let (term, rest) = rest.split_first_chunk::<8>().ok_or(TokenError::Malformed)?;
    let (position, rest) = rest.split_first_chunk::<8>().ok_or(TokenError::Malformed)?;
    let (item, rest) = rest.split_first_chunk::<4>().ok_or(TokenError::Malformed)?;
    let (leaf, id) = rest
        .split_first_chunk::<LEAF_BYTES>()
        .ok_or(TokenError::Malformed)?;
    let place = FeedPlace {
        position: u64::from_be_bytes(*position),
        item: u32::from_be_bytes(*item),
    };
    if id != ledger.id().as_str().as_bytes() || u64::from_be_bytes(*term) != ledger.term() {
        return Ok(Resume::Changed);
    }
    let before = leaf_before(ledger, place)
        .await
        .map_err(TokenError::Store)?;
    Ok(if before == *leaf {
        Resume::At(place)
    } else {
        Resume::Changed
    })
}

/// First bytes of the leaf hash of the last entry of which anything lies before a place; zeros at
/// the beginning and past the end.
async fn leaf_before(ledger: &Ledger, place: FeedPlace) -> Result<[u8; LEAF_BYTES], StoreError> {
    let mut first = [0; LEAF_BYTES];
    let last = if place.item > 0 {
        Some(place.position)
    } else {
        place.position.checked_sub(1)
    };
    if let Some(before) = last
        && let Some(leaf) = ledger.leaf(before).await?
    {
        first.copy_from_slice(&leaf.as_bytes()[..LEAF_BYTES]);
    }
    Ok(first)
}
