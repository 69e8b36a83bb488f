//! Request ids: by them a repeated act is known again.

use aws_lc_rs::rand;

use crate::ClientError;

/// A new request id: a random UUID (version 4) in its text form.
///
/// Every mutating call without one gets one of these. Make and keep your own where a repetition
/// may come from another process: after a crash, from a job queue. It must not be derived from
/// the content.
pub fn request_id() -> Result<String, ClientError> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).map_err(|_| ClientError::NoRandomness)?;
    let mut bits = u128::from_be_bytes(bytes);
    bits &= !(0xf << 76 | 0b11 << 62);
    bits |= 0x4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_a_random_uuid() {
        let ids: std::collections::BTreeSet<_> = (0..100).map(|_| request_id().unwrap()).collect();
        assert_eq!(ids.len(), 100);
        for id in ids {
            assert_eq!(id.len(), 36);
            assert_eq!(&id[14..15], "4", "{id}");
            assert!("89ab".contains(&id[19..20]), "{id}");
            assert_eq!(id.bytes().filter(|byte| *byte == b'-').count(), 4);
        }
    }
}
