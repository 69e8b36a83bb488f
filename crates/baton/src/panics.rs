//! What is said of a panic: the place in the program, and nothing of what it was about. The text of
//! a panic can hold a value out of a profile.

use std::io::Write as _;
use std::panic::{self, PanicHookInfo};

/// From here on.
pub(crate) fn say_only_where() {
    panic::set_hook(Box::new(say));
}

fn say(panic: &PanicHookInfo<'_>) {
    let (file, line) = panic
        .location()
        .map_or(("", 0), |place| (place.file(), place.line()));
    if tracing::dispatcher::has_been_set() {
        tracing::error!(file, line, "internal fault: a panic");
    } else {
        // Who read this may be gone; a panic here would end the program.
        let mut out = std::io::stderr().lock();
        let _ = writeln!(out, "baton: internal fault: a panic at {file}:{line}");
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_told_by_its_place_and_its_text_is_not() {
        let log = Log::default();
        let to = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || to.clone())
            .finish();
        let before = panic::take_hook();
        say_only_where();
        let ended = tracing::subscriber::with_default(subscriber, || {
            panic::catch_unwind(|| panic!("Quillonmarker {}", 7))
        });
        panic::set_hook(before);
        assert!(ended.is_err());
        let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(told.contains("panics.rs"), "{told}");
        assert!(!told.contains("Quillonmarker"), "{told}");
    }
}
