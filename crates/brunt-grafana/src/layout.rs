//! Where panels stand on Grafana's grid of 24 columns, computed from their sizes in reading order.

use crate::panel::{Panel, Size};

/// Columns of the grid.
const WIDTH: u32 = 24;

/// The place of a panel, in columns and lines of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From the left.
    pub x: u32,
    /// From the top of the row.
    pub y: u32,
    /// Width.
    pub w: u32,
    /// Height.
    pub h: u32,
}

const fn extent(size: Size) -> (u32, u32) {
    match size {
        Size::Tile => (3, 4),
        Size::WideTile => (4, 4),
        Size::Third => (8, 8),
        Size::Half => (12, 8),
        Size::Full => (WIDTH, 9),
        Size::Strip => (WIDTH, 4),
    }
}

/// The places of a row's panels, and the height of all together. What does not fit into a line begins
/// the next one; a line is as high as its highest panel.
pub fn places(panels: &[Panel]) -> (Vec<Place>, u32) {
    let (mut x, mut y, mut height) = (0, 0, 0);
    let mut places = Vec::with_capacity(panels.len());
    for panel in panels {
        let (w, h) = extent(panel.size);
        if x + w > WIDTH {
            (x, y, height) = (0, y + height, 0);
        }
        places.push(Place { x, y, w, h });
        x += w;
        height = height.max(h);
    }
    (places, y + height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unit;

    #[test]
    fn panels_of_any_sizes_neither_overlap_nor_stick_out() {
        let sizes = [
            Size::Tile,
            Size::WideTile,
            Size::Third,
            Size::Half,
            Size::Full,
            Size::Strip,
        ];
        // Every sequence of five sizes.
        for number in 0..sizes.len().pow(5) {
            let panels: Vec<_> = (0..5)
                .map(|at| sizes[number / sizes.len().pow(at) % sizes.len()])
                .map(|size| Panel::stat("t", Unit::None, "d").size(size))
                .collect();
            let (places, height) = places(&panels);
            for (at, a) in places.iter().enumerate() {
                assert!(a.x + a.w <= WIDTH && a.y + a.h <= height, "{places:?}");
                for b in &places[..at] {
                    let apart = a.x >= b.x + b.w || b.x >= a.x + a.w;
                    assert!(apart || a.y >= b.y + b.h || b.y >= a.y + a.h, "{places:?}");
                }
            }
        }
    }
}
