//! The protobuf wire format, as far as it can be read without knowing the message: numbered fields,
//! one after the other. Nothing is copied and nothing is trusted.

/// One field as it stands in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// A number, or one value of an enum or bool.
    Varint(u64),
    /// A text, a message, or packed numbers.
    Bytes(&'a [u8]),
    /// Four or eight bytes, or a group: no field of the contract is written so.
    Foreign,
}

/// The bytes are no protobuf message from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The fields of one message, in the order they were written. Ends after the first [`Malformed`]:
/// behind it nobody can tell where a field begins.
#[derive(Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Those of these bytes.
    pub const fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes that are not read yet.
    pub const fn left(&self) -> usize {
        self.rest.len()
    }

    fn read(&mut self) -> Option<(u32, Raw<'a>)> {
        let tag = varint(&mut self.rest)?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| *number > 0)?;
        let raw = match tag & 7 {
            0 => Raw::Varint(varint(&mut self.rest)?),
            1 => self.take(8).map(|_| Raw::Foreign)?,
            2 => {
                let length = varint(&mut self.rest)?;
                Raw::Bytes(self.take(usize::try_from(length).ok()?)?)
            }
            5 => self.take(4).map(|_| Raw::Foreign)?,
            // A group ends where its end tag stands; nothing behind its start is worth finding.
            _ => {
                self.rest = &[];
                Raw::Foreign
            }
        };
        Some((number, raw))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Raw<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_none() {
            self.rest = &[];
        }
        Some(read.ok_or(Malformed))
    }
}

/// Reads one varint of at most ten bytes off the front.
pub fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (place, byte) in bytes.iter().take(10).enumerate() {
        let bits = u64::from(byte & 0x7f);
        // The tenth byte holds the one bit that is left of 64.
        if place == 9 && bits > 1 {
            return None;
        }
        value |= bits << (7 * place);
        if byte & 0x80 == 0 {
            *bytes = &bytes[place + 1..];
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_the_order_written() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 2, 3, 4];
        let read: Vec<_> = Fields::of(&bytes).collect();
        assert_eq!(
            read,
            [
                Ok((1, Raw::Varint(150))),
                Ok((2, Raw::Bytes(b"hi"))),
                Ok((3, Raw::Foreign))
            ]
        );
    }

    #[test]
    fn what_is_cut_short_ends_the_message() {
        for bytes in [
            &[0x12_u8, 5, b'h'][..],
            &[0x08],
            &[0x80; 11],
            &[0x00, 0x01],
            &[0x09, 1],
        ] {
            assert_eq!(Fields::of(bytes).last(), Some(Err(Malformed)), "{bytes:?}");
        }
    }

    #[test]
    fn a_varint_holds_at_most_64_bits() {
        let mut most = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01][..];
        assert_eq!(varint(&mut most), Some(u64::MAX));
        let mut more = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02][..];
        assert_eq!(varint(&mut more), None);
    }
}
