//! The ids of units that Grafana has: with any other one it shows the id behind the number and says
//! nothing.
//!
//! From Grafana's list of value formats, by category as its menu has them.

/// Ids by category; each line is one.
const UNITS: &str = "
none string short percent percentunit humidity dB hex0x hex sci locale pixel
accMS2 accFt2 accG
degree radian grad arcmin arcsec
areaM2 areaF2 areaMI2 acres hectares
flops mflops gflops tflops pflops eflops zflops yflops
ppm conppm conngm3 conngNm3 conμgm3 conμgNm3 conmgm3 conmgNm3 congm3 congNm3 conmgdL conmmolL
currencyUSD currencyGBP currencyEUR currencyJPY currencyRUB currencyUAH currencyBRL currencyDKK currencyISK currencyNOK currencySEK currencyCZK currencyCHF currencyPLN currencyBTC currencymBTC currencyμBTC currencyZAR currencyINR currencyKRW currencyIDR currencyPHP currencyVND currencyTRY currencyMYR currencyXPF currencyBGN currencyPYG currencyUYU currencyILS
bytes decbytes bits decbits kbytes deckbytes mbytes decmbytes gbytes decgbytes tbytes dectbytes pbytes decpbytes
pps binBps Bps binbps bps KiBs Kibits KBs Kbits MiBs Mibits MBs Mbits GiBs Gibits GBs Gbits TiBs Tibits TBs Tbits PiBs Pibits PBs Pbits
dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsUS dateTimeAsUSNoDateIfToday dateTimeAsLocal dateTimeAsLocalNoDateIfToday dateTimeAsSystem dateTimeFromNow
watt kwatt megwatt gwatt mwatt Wm2 voltamp kvoltamp voltampreact kvoltampreact watth watthperkg kwatth kwattm amph kamph mamph joule ev amp kamp mamp volt kvolt mvolt dBm mohm ohm kohm Mohm farad µfarad nfarad pfarad ffarad henry mhenry µhenry lumens
flowgpm flowcms flowcfs flowcfm litreh flowlpm flowmlpm lux
forceNm forcekNm forceN forcekN
Hs KHs MHs GHs THs PHs EHs
massmg massg masslb masskg masst
lengthmm lengthin lengthft lengthm lengthkm lengthmi
radbq radci radgy radrad radsv radmsv radμsv radrem radexpckg radr radsvh radmsvh radμsvh
rotrpm rothz rotrads rotdegs rpm hertz
celsius fahrenheit kelvin
hertz ns µs ms s m h d dtdurationms dtdurations dthms dtdhms timeticks clockms clocks
cps ops reqps rps wps iops eps mps cpm opm rpm reqpm wpm epm mpm
velocityms velocitykmh velocitymph velocityknot
mlitre litre m3 Nm3 dm3 gallons
pressurebar pressurembar pressurekbar pressurehpa pressurekpa pressurehg pressurepsi pressurepa
bool bool_yes_no bool_on_off
";

/// What may stand before a colon, with a text of the author's behind it.
const OWN: [&str; 7] = [
    "prefix", "suffix", "time", "si", "count", "currency", "bool",
];

/// Whether Grafana has this unit.
pub(super) fn known(id: &str) -> bool {
    let own = id
        .split_once(':')
        .is_some_and(|(kind, _)| OWN.contains(&kind));
    own || UNITS.split_ascii_whitespace().any(|it| it == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_from_words() {
        for id in [
            "s",
            "percentunit",
            "reqps",
            "Bps",
            "none",
            "suffix: VUs",
            "µs",
        ] {
            assert!(known(id), "{id}");
        }
        for id in ["VUs", "%", "", "seconds", "cats:x", "S"] {
            assert!(!known(id), "{id}");
        }
    }
}
