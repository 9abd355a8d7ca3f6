//! HTML pages in one file: shell, colours, charts and sortable tables, for reports and previews.
//!
//! A page is opened from a build's artefacts, from a mail or years later, so it may ask no server for anything: what it
//! needs is in it, and its content security policy allows no network and no other script than its own. Charts are drawn
//! by `uPlot` (MIT, `assets/uPlot.LICENSE`) from a description in JSON:
//!
//! ```json
//! {
//!   "latency": {
//!     "kind": "lines",
//!     "unit": "ms",
//!     "times": [1795305600, 1795305601],
//!     "series": [
//!       { "label": "p95", "values": [12.5, null] },
//!       { "label": "VUs", "values": [5, 5], "unit": "count", "right": true }
//!     ]
//!   },
//!   "heat": {
//!     "kind": "heat",
//!     "unit": "ms",
//!     "times": [1795305600, 1795305601],
//!     "width": 1,
//!     "bounds": [1, 2, 4],
//!     "counts": [[3, 0], [1, 7]]
//!   }
//! }
//! ```
//!
//! `times` are seconds since the Unix epoch, ascending; each list of `values` has one for each of them, or null. A unit
//! is `ms`, `s`, `bytes`, `bytes/s`, `/s`, `percent` (a share of one), or `count`; or one of the page's own, such as
//! `{ "factor": 1, "step": 1024, "names": [" B", " KiB"], "after": "/s" }`. `kind` may also be `area`, or `bars`, which
//! stand on top of each other, the last one at the bottom, and are as wide as `width` seconds. With an `origin`, in seconds since
//! the epoch, times are told from there on, else as those of the day. A chart may be `height` pixels high, draw `points` only,
//! and have `marks`: lines at a `value` in a `colour`. A line may have a `dash` as a canvas has it, and lines of an `area`
//! may be `stacked`, the last one at the bottom. `count` is what a heat map counts. Of a heat map,
//! `bounds` has one more than there are rows, ascending, and `counts` a list for each time. The chart of the key `latency` is
//! drawn into the element with `data-chart="latency"`; a `details` with `data-table="latency"` gets its values as a table when
//! it is opened.
//!
//! Tables of the class `sortable` are sorted by the buttons in their heads; a cell's `data-value` counts before its text.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const PLOT_SCRIPT: &str = include_str!("../assets/uPlot.iife.min.js");
const PLOT_STYLE: &str = include_str!("../assets/uPlot.min.css");
const PLOT_LICENSE: &str = include_str!("../assets/uPlot.LICENSE");
const SCRIPT: &str = include_str!("../assets/page.js");
const STYLE: &str = include_str!("../assets/page.css");

/// What is different from page to page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Of the window; plain text.
    pub title: String,
    /// What stands within `main`, as HTML; texts of others in it have gone through [`escape`].
    pub body: String,
    /// The charts by their keys, as described above.
    pub charts: Value,
    /// Further rules of style.
    pub style: String,
}

impl Page {
    /// The whole file.
    pub fn render(&self) -> String {
        let style = format!("{PLOT_STYLE}\n{STYLE}\n{}", self.style);
        // Its licence goes where the library goes.
        let script = format!("/*\n{PLOT_LICENSE}*/\n{PLOT_SCRIPT}\n{SCRIPT}");
        let mut page = String::with_capacity(style.len() + script.len() + self.body.len() + 4096);
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src '{}'; base-uri 'none'; form-action 'none'\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<title>{}</title>
<style>{style}</style>
</head>
<body>
<a class=\"skip\" href=\"#main\">Skip to content</a>
<main id=\"main\" tabindex=\"-1\">
{}
</main>
<script type=\"application/json\" id=\"charts\">{}</script>
<script>{script}</script>
</body>
</html>
",
            source_hash(&script),
            escape(&self.title),
            self.body,
            embedded(&self.charts),
        );
        page
    }
}

/// What a policy calls an inline script (Content Security Policy Level 3, section 2.3.1).
fn source_hash(script: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(script)))
}

/// A text that stands for itself in HTML, also in an attribute between quotes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No page may hold it (HTML, section 13.1.4.1).
            '\0' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// JSON that ends no script element and begins no comment, whatever its texts are.
fn embedded(value: &Value) -> String {
    value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_page_asks_nobody_for_anything() {
        let page = Page {
            title: "a <b>".to_owned(),
            ..Page::default()
        }
        .render();
        assert!(page.contains("<title>a &lt;b&gt;</title>"));
        for wrong in ["src=\"", "<link", "@import", "url(http"] {
            assert!(!page.contains(wrong), "{wrong}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn scripts_have_nothing_that_ends_them() {
        let script = format!("{PLOT_SCRIPT}\n{SCRIPT}");
        assert!(!script.contains("</script"));
        assert!(!STYLE.contains("</style") && !PLOT_STYLE.contains("</style"));
    }

    proptest! {
        #[test]
        fn data_comes_through_whatever_its_texts_are(text in "[<>&/!a-z\"\u{2028}-]{0,20}") {
            let value = json!({ &text: [text] });
            let embedded = embedded(&value);
            prop_assert!(!embedded.contains(['<', '>', '&']));
            prop_assert_eq!(serde_json::from_str::<Value>(&embedded).unwrap(), value);
        }

        #[test]
        fn escaped_text_has_no_markup(text in "\\PC{0,20}") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
        }
    }
}
