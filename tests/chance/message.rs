//! Damage to protobuf messages that keeps the lengths around it right, so that it goes in deep.

use super::{Dice, damage};

/// Levels a damage goes down at most.
const DEPTH: usize = 8;

enum Value {
    Varint(u64),
    Bytes(Vec<u8>),
    Fixed(u8, Vec<u8>),
}

/// A message with one of its fields, sometimes up to four, at any depth, damaged.
pub(crate) fn damaged_message(dice: &mut Dice, sound: &[Vec<u8>], words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = dice.pick(sound).clone();
    for _ in 0..=dice.below(2) * dice.below(4) {
        bytes = message(dice, bytes, sound, words, DEPTH);
    }
    bytes
}

fn message(
    dice: &mut Dice,
    mut bytes: Vec<u8>,
    sound: &[Vec<u8>],
    words: &[&[u8]],
    depth: usize,
) -> Vec<u8> {
    let fields = read(&bytes).filter(|fields| !fields.is_empty());
    let Some(mut fields) = fields.filter(|_| depth > 0 && !dice.one_in(12)) else {
        damage(dice, &mut bytes, sound, words);
        return bytes;
    };
    let at = dice.below(fields.len());
    match dice.below(12) {
        0 => drop(fields.remove(at)),
        1 => {
            let twice = copy(&fields[at]);
            fields.insert(dice.below(fields.len() + 1), twice);
        }
        2 => {
            let other = dice.below(fields.len());
            fields.swap(at, other);
        }
        3 => fields[at].0 = u32::try_from(dice.below(130)).unwrap_or(1),
        4 => fields[at].0 = *dice.pick(&[0, 15, 16, 99, 19_000, (1 << 29) - 1]),
        5 => fields[at].1 = Value::Fixed(*dice.pick(&[1, 3, 4, 5, 6, 7]), vec![0; dice.below(9)]),
        6 => fields[at].1 = Value::Varint(number(dice)),
        7 => fields[at].1 = nested(dice, fields[at].0),
        8 => fields[at].1 = Value::Bytes(dice.pick(words).to_vec()),
        _ => {
            let value = std::mem::replace(&mut fields[at].1, Value::Varint(0));
            fields[at].1 = match value {
                Value::Bytes(inner) => Value::Bytes(message(dice, inner, sound, words, depth - 1)),
                Value::Varint(value) if dice.one_in(2) => {
                    Value::Varint(value ^ (1 << dice.below(64)))
                }
                _ => Value::Varint(number(dice)),
            };
        }
    }
    let lies = dice.one_in(24).then(|| dice.below(fields.len()));
    write(&fields, lies, number(dice))
}

fn number(dice: &mut Dice) -> u64 {
    let near = [
        0,
        1,
        2,
        5,
        127,
        128,
        400,
        1 << 31,
        u64::from(u32::MAX),
        1 << 32,
        1 << 63,
        u64::MAX,
    ];
    *dice.pick(&near)
}

/// The field inside itself, many times.
fn nested(dice: &mut Dice, number: u32) -> Value {
    let mut inner = Vec::new();
    for _ in 0..1 << dice.below(9) {
        inner = write(&[(number, Value::Bytes(inner))], None, 0);
    }
    Value::Bytes(inner)
}

fn copy((number, value): &(u32, Value)) -> (u32, Value) {
    let value = match value {
        Value::Varint(value) => Value::Varint(*value),
        Value::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Value::Fixed(wire, bytes) => Value::Fixed(*wire, bytes.clone()),
    };
    (*number, value)
}

fn read(mut bytes: &[u8]) -> Option<Vec<(u32, Value)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = match tag & 7 {
            0 => Value::Varint(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (value, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Value::Bytes(value.to_vec())
            }
            _ => return None,
        };
        fields.push((u32::try_from(tag >> 3).ok()?, value));
    }
    Some(fields)
}

/// The message of these fields; the length of the one that lies is another.
fn write(fields: &[(u32, Value)], lies: Option<usize>, lie: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for (place, (number, value)) in fields.iter().enumerate() {
        let tag = u64::from(*number) << 3;
        match value {
            Value::Varint(value) => {
                put(tag, &mut out);
                put(*value, &mut out);
            }
            Value::Bytes(bytes) => {
                put(tag | 2, &mut out);
                let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                put(if lies == Some(place) { lie } else { length }, &mut out);
                out.extend_from_slice(bytes);
            }
            Value::Fixed(wire, bytes) => {
                put(tag | u64::from(*wire), &mut out);
                out.extend_from_slice(bytes);
            }
        }
    }
    out
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value.to_le_bytes()[0] & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}
