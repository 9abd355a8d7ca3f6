//! Which bucket a value belongs to, exactly.
//!
//! `log2(value).ceil()` would be simpler, but rounds wrongly beside a boundary, and a logarithm
//! costs more than the whole rest of recording. So the boundaries of one octave at the finest scale
//! are a table, made at compile time with 127 bits of fraction; coarser scales are a shift away.

/// The finest scale: 512 buckets for each doubling, at most 0.07 % from the middle of a bucket.
pub const MAX_SCALE: i32 = 9;

/// The coarsest scale: two buckets hold all numbers that a histogram tells from zero.
pub(crate) const MIN_SCALE: i32 = -10;

const OCTAVE: usize = 1 << MAX_SCALE;
const MANTISSA_BITS: u32 = 52;
const MANTISSA: u64 = (1 << MANTISSA_BITS) - 1;
/// Bits of the mantissa below the ones that pick a cell of [`CELLS`].
const CELL_SHIFT: u32 = MANTISSA_BITS - MAX_SCALE as u32;

/// Entry `k` holds the mantissa bits of `2^(k/512)`, rounded down. All but the first are irrational,
/// so a mantissa is above the boundary exactly if its bits are. Two entries that nothing is above
/// pad the end.
static BOUNDS: [u64; OCTAVE + 2] = bounds();

/// For each 512th of the way through an octave, how many boundaries lie at or below its start. A
/// cell holds two further boundaries at most, as `d(512 log2 m)/dm <= 1.45` per cell.
static CELLS: [u16; OCTAVE] = cells();

/// The index at [`MAX_SCALE`] of a positive, normal number: bucket `i` is `(base^i, base^(i+1)]`.
#[inline]
pub(crate) fn index(value: f64) -> i32 {
    let bits = value.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i32 - 1023;
    let mantissa = bits & MANTISSA;
    let below = usize::from(CELLS[(mantissa >> CELL_SHIFT) as usize]);
    let sub = below
        + usize::from(mantissa > BOUNDS[below + 1])
        + usize::from(mantissa > BOUNDS[(below + 2).min(OCTAVE + 1)]);
    // A power of two is the upper, inclusive end of the bucket below.
    (exponent << MAX_SCALE) + sub as i32 - i32::from(mantissa == 0)
}

/// The geometric middle of a bucket: no value in it is further away than `sqrt(base) - 1`.
pub(crate) fn middle(index: i32, scale: i32) -> f64 {
    ((f64::from(index) + 0.5) * f64::from(-scale).exp2()).exp2()
}

const fn bounds() -> [u64; OCTAVE + 2] {
    // roots[j] = 2^(2^-(j+1)) with 127 bits behind the point.
    let mut roots = [0u128; MAX_SCALE as usize];
    let mut j = 0;
    while j < roots.len() {
        roots[j] = sqrt(if j == 0 { None } else { Some(roots[j - 1]) });
        j += 1;
    }
    let mut table = [u64::MAX; OCTAVE + 2];
    let mut k = 0;
    while k < OCTAVE {
        let mut product: u128 = 1 << 127;
        let mut bit = 0;
        while bit < roots.len() {
            if k & (OCTAVE >> (bit + 1)) != 0 {
                let (high, low) = multiply(product, roots[bit]);
                product = (high << 1) | (low >> 127);
            }
            bit += 1;
        }
        table[k] = (product >> (127 - MANTISSA_BITS)) as u64 & MANTISSA;
        k += 1;
    }
    table
}

const fn cells() -> [u16; OCTAVE] {
    let bounds = bounds();
    let mut table = [0; OCTAVE];
    let (mut cell, mut below) = (0, 0);
    while cell < OCTAVE {
        let start = (cell as u64) << CELL_SHIFT;
        while below + 1 < OCTAVE && bounds[below + 1] < start {
            below += 1;
        }
        table[cell] = below as u16;
        cell += 1;
    }
    table
}

/// The square root of a number in `[1, 2)` with 127 bits behind the point; `None` stands for 2.
const fn sqrt(square: Option<u128>) -> u128 {
    let mut root: u128 = 1 << 127;
    let mut bit: u128 = 1 << 126;
    while bit != 0 {
        let (high, low) = multiply(root | bit, root | bit);
        let below_two = high >> 127 == 0;
        let fits = match square {
            None => below_two,
            Some(square) => below_two && (high << 1) | (low >> 127) < square,
        };
        if fits {
            root |= bit;
        }
        bit >>= 1;
    }
    root
}

/// The 256 bits of a product.
const fn multiply(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let low = a0 * b0;
    let (first, second) = (a1 * b0, a0 * b1);
    let middle = (low >> 64) + (first & LOW) + (second & LOW);
    (
        a1 * b1 + (first >> 64) + (second >> 64) + (middle >> 64),
        (middle << 64) | (low & LOW),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_end_the_bucket_below() {
        for exponent in -128..1024 {
            let value = f64::from(exponent).exp2();
            assert_eq!(index(value), exponent * 512 - 1, "2^{exponent}");
            assert_eq!(
                index(value.next_up()),
                exponent * 512,
                "just above 2^{exponent}"
            );
            assert_eq!(
                index(value.next_down()),
                exponent * 512 - 1,
                "just below 2^{exponent}"
            );
        }
    }

    #[test]
    fn every_boundary_separates_two_buckets() {
        for (k, &bits) in BOUNDS.iter().enumerate().take(OCTAVE).skip(1) {
            let below = f64::from_bits(1.0f64.to_bits() | bits);
            assert_eq!(index(below), k as i32 - 1);
            assert_eq!(index(below.next_up()), k as i32);
            // The library's own function is right to within the last bits.
            assert!((below / (k as f64 / 512.0).exp2() - 1.0).abs() < 5e-16);
        }
    }

    #[test]
    fn the_table_has_the_known_digits_of_a_few_roots() {
        // 2^(1/2) = 1.0110101000001001111001100110011111110011101111001100|1001... in binary
        assert_eq!(BOUNDS[256] | 1 << 52, 0x16_A09E_667F_3BCC);
        // 2^(1/4) and 2^(3/4), from their published decimal expansions.
        assert_eq!(
            f64::from_bits(1.0f64.to_bits() | BOUNDS[128]),
            1.189_207_115_002_721
        );
        assert_eq!(
            f64::from_bits(1.0f64.to_bits() | BOUNDS[384]),
            1.681_792_830_507_429
        );
    }
}
