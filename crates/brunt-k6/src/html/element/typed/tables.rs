//! Rows and cells, and where they stand.

use rquickjs::{Result, Value};

use super::super::super::document::ROOT;
use super::super::Called;

/// Its place among the elements of these names inside the nearest of `around`; -1 outside of one.
pub(super) fn position<'js>(
    it: &Called<'_, 'js>,
    around: &[&str],
    among: &[&str],
) -> Result<Value<'js>> {
    let document = it.document();
    let top = document
        .ancestors(it.id)
        .find(|id| around.contains(&document.name(*id)));
    let place = top.and_then(|top| {
        let all = document.descendants(top);
        all.filter(|id| among.contains(&document.name(*id)))
            .position(|id| id == it.id)
    });
    it.give(place.map_or(-1.0, |at| at as f64))
}

/// The columns that a `col` stands for, at least one.
pub(super) fn span<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let span = it.attribute("span").and_then(|it| it.trim().parse().ok());
    it.give(span.unwrap_or(1_i32).max(1))
}

/// The images and objects that use a map.
pub(super) fn images_of_map<'js>(it: &Called<'_, 'js>) -> Result<Value<'js>> {
    let document = it.document();
    let name = format!("#{}", it.attribute("name").unwrap_or_default());
    it.nodes(document.descendants(ROOT).filter(|id| {
        ["img", "object"].contains(&document.name(*id))
            && document.attribute(*id, "usemap") == Some(name.as_str())
    }))
}
