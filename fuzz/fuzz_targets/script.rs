//! Scripts: loading JavaScript and stripping TypeScript is an error that can be shown or code that
//! loads again.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use brunt_script::{Entry, Loader};
use libfuzzer_sys::fuzz_target;

/// By the name a loader tells the languages apart.
static FILES: LazyLock<[PathBuf; 2]> = LazyLock::new(|| {
    let folder = std::env::temp_dir();
    ["js", "ts"].map(|kind| folder.join(format!("brunt-fuzz-{}.{kind}", std::process::id())))
});

fn load(path: &PathBuf, source: &[u8]) -> Option<String> {
    std::fs::write(path, source).expect("writing the script");
    let loader = Loader::new(Entry::Path(path.clone()), ["k6", "k6/http"]).ok()?;
    match loader.load(&loader.entry().clone()) {
        Ok(source) => Some(source.code.to_string()),
        Err(error) => {
            let _ = error.to_string();
            None
        }
    }
}

fuzz_target!(|source: &[u8]| {
    let [javascript, typescript] = &*FILES;
    load(javascript, source);
    if let Some(stripped) = load(typescript, source) {
        // What comes out has no types left.
        assert!(
            load(javascript, stripped.as_bytes()).is_some(),
            "{stripped}"
        );
    }
});
