//! `--linger`: who can ask for it, and who wins.

use crate::support::Brunt;

const SCRIPT: &str = "export default function () {}";
const CONFIG: &str = r#"{ "linger": true }"#;

/// Fails unless it stays until it is told to go.
fn stays(run: Brunt) {
    let run = run.start();
    run.wait_for_log("the test is over");
    run.signal("INT");
    run.finish().expect(0);
}

#[test]
fn flag_variable_and_configuration_file_keep_a_test() {
    stays(Brunt::script(SCRIPT).args(&["--linger"]));
    stays(Brunt::script(SCRIPT).variable("K6_LINGER", "true"));
    let from_file = || {
        let run = Brunt::script(SCRIPT).file("c.json", CONFIG);
        run.args(&["--config", "c.json"])
    };
    stays(from_file());
    // A word nearer to the run wins: these end by themselves.
    from_file().args(&["--linger=false"]).run().expect(0);
    let run = from_file().variable("K6_LINGER", "false");
    run.run().expect(0);
    let run = Brunt::script(SCRIPT).variable("K6_LINGER", "true");
    run.args(&["--linger=false"]).run().expect(0);
}
