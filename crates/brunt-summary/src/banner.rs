//! What is printed before a test starts: name, script, outputs and scenarios.

use std::fmt::Write as _;
use std::time::Duration;

use crate::progress::length;
use crate::style::Style;

const LOGO: [&str; 3] = ["┏┓ ┏━┓╻ ╻┏┓╻╺┳╸", "┣┻┓┣┳┛┃ ┃┃┗┫ ┃", "┗━┛╹┗╸┗━┛╹ ╹ ╹"];

/// The start of a test, as text.
#[derive(Debug, Clone)]
pub struct Banner<'a> {
    /// The script as the user named it; `-` for the standard input.
    pub script: &'a str,
    /// How the outputs describe themselves, such as `json (results.json)`.
    pub outputs: &'a [String],
    /// Name and description of each scenario, in the order in which they are to be listed.
    pub scenarios: &'a [(String, String)],
    /// How much of the test this instance runs, from 0 to 1.
    pub share: f64,
    /// The most VUs that they can use at the same time.
    pub max_vus: u64,
    /// When the last of them has ended at the latest, its graceful stop included.
    pub max_duration: Duration,
    /// Whether name and titles are coloured.
    pub colour: bool,
}

impl Banner<'_> {
    /// The banner with an empty line after it.
    pub fn render(&self) -> String {
        let style = Style::new(self.colour);
        // Writing to a string cannot fail.
        let mut out = String::from("\n");
        for line in LOGO {
            let _ = writeln!(out, "     {}", style.cyan(line));
        }
        out.push_str("\n     execution: ");
        out.push_str(&style.cyan("local"));
        out.push_str("\n        script: ");
        out.push_str(&style.cyan(self.script));
        out.push_str("\n        output: ");
        let outputs = if self.outputs.is_empty() {
            "-".to_owned()
        } else {
            self.outputs.join(", ")
        };
        out.push_str(&style.cyan(&outputs));
        let _ = write!(out, "\n\n     scenarios: {}\n", style.cyan(&self.totals()));
        for (name, description) in self.scenarios {
            let _ = writeln!(out, "              * {name}: {description}");
        }
        out.push('\n');
        out
    }

    fn totals(&self) -> String {
        let plural = if self.scenarios.len() == 1 { "" } else { "s" };
        format!(
            "({:.2}%) {} scenario{plural}, {} max VUs, {} max duration (incl. graceful stop):",
            self.share * 100.0,
            self.scenarios.len(),
            self.max_vus,
            length(self.max_duration),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_names_script_outputs_and_scenarios() {
        let text = |text: &str| text.to_owned();
        let scenarios = [
            (
                text("loop"),
                text("5 looping VUs for 1s (gracefulStop: 30s)"),
            ),
            (
                text("rate"),
                text("3.00 iterations/s for 1s (maxVUs: 2, gracefulStop: 30s)"),
            ),
        ];
        let outputs = [text("json (a.json)"), text("mimir (http://m)")];
        let banner = Banner {
            script: "x.js",
            outputs: &outputs,
            scenarios: &scenarios,
            share: 1.0,
            max_vus: 7,
            max_duration: Duration::from_secs(31),
            colour: false,
        };
        let block = "     execution: local
        script: x.js
        output: json (a.json), mimir (http://m)

     scenarios: (100.00%) 2 scenarios, 7 max VUs, 31s max duration (incl. graceful stop):
              * loop: 5 looping VUs for 1s (gracefulStop: 30s)
              * rate: 3.00 iterations/s for 1s (maxVUs: 2, gracefulStop: 30s)

";
        let text = banner.render();
        assert!(text.ends_with(block), "{text}");
        assert!(!text.contains('\x1b'));
        let silent = Banner {
            outputs: &[],
            scenarios: &scenarios[..1],
            ..banner
        };
        let text = silent.render();
        assert!(text.contains("\n        output: -\n"), "{text}");
        assert!(text.contains("(100.00%) 1 scenario, 7 max VUs"), "{text}");
    }
}
