//! Words of the contract as they are typed: with hyphens.

/// The word a text is.
pub(super) fn one_of<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Option<T> {
    let typed = text.replace('-', "_");
    all.iter().copied().find(|word| name(*word) == typed)
}

/// What can be typed, for whoever typed something else.
pub(super) fn listed<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> String {
    let words = all.iter().map(|word| name(*word).replace('_', "-"));
    format!("give one of: {}", words.collect::<Vec<_>>().join(", "))
}
