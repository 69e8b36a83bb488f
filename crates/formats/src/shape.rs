use std::fmt;

/// What a value looks like without saying what it is: its length and, for short values, the class
/// of each character.
///
/// A report has to help the person who mends the file and must not carry personal data into logs
/// and mails, so it says `13 characters, A999999999999` where the file says a UPN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(String);

/// Longest value whose characters are classified one by one; beyond it only the length is said.
const PATTERN_CHARS: usize = 24;

impl Shape {
    /// The shape of `value`.
    pub fn of(value: &str) -> Self {
        let length = value.chars().count();
        Self(match length {
            0 => "empty".to_owned(),
            1 => format!("1 character, {}", pattern(value)),
            2..=PATTERN_CHARS => format!("{length} characters, {}", pattern(value)),
            _ => format!("{length} characters"),
        })
    }
}

/// Capitals as `A`, other letters as `a`, digits as `9`. ASCII punctuation and the space stay:
/// they are what people mistype in identifiers and dates. Everything else is `?`.
fn pattern(value: &str) -> String {
    let class = |c: char| match c {
        _ if c.is_numeric() => '9',
        _ if c.is_uppercase() => 'A',
        _ if c.is_alphabetic() => 'a',
        ' ' => ' ',
        _ if c.is_ascii_punctuation() => c,
        _ => '?',
    };
    value.chars().map(class).collect()
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn a_shape_tells_form_and_length_but_not_the_value() {
        let shape = |value| Shape::of(value).to_string();
        assert_eq!(shape("D351394824001"), "13 characters, A999999999999");
        assert_eq!(shape("31/02/2014"), "10 characters, 99/99/9999");
        assert_eq!(shape("Zoë\0"), "4 characters, Aaa?");
        assert_eq!(shape(""), "empty");
        assert_eq!(shape(&"x".repeat(5_000_000)), "5000000 characters");
    }
}
