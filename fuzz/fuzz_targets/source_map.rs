//! Source maps that a script brings along: a broken one maps nothing and stops nobody.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use brunt_script::{Entry, Loader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let map = STANDARD.encode(data);
    let text = format!(
        "export default function () {{ throw 1; }}\n//# sourceMappingURL=data:application/json;base64,{map}\n"
    );
    let entry = Entry::Text {
        text: text.into_bytes(),
        cwd: "/".into(),
    };
    let Ok(loader) = Loader::new(entry, ["k6"]) else {
        return;
    };
    let entry = loader.entry().clone();
    if loader.load(&entry).is_ok() {
        for (line, column) in [(1, 1), (1, 40), (2, u32::MAX), (u32::MAX, 0)] {
            let position = loader.map(entry.as_str(), line, column);
            let _ = loader.excerpt(&position);
        }
    }
});
