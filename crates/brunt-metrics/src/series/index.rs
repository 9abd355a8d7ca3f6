//! A hash index over things that are stored elsewhere by number.
//!
//! It is split into many small tables, because one large table would stop everybody for as long as
//! it takes to hash a million entries again when it grows.

use hashbrown::HashTable;

const SHARDS: usize = 256;

/// Numbers by the hash of what they stand for.
#[derive(Debug)]
pub(super) struct Index {
    shards: Vec<HashTable<u32>>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| HashTable::new()).collect(),
        }
    }
}

impl Index {
    /// The number with this hash for which `is` holds.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Option<u32> {
        self.shards[shard(hash)]
            .find(hash, |&number| is(number))
            .copied()
    }

    /// Adds a number that is not there yet; `hash_of` gives the hash of those that are.
    pub(super) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        self.shards[shard(hash)].insert_unique(hash, number, |&number| hash_of(number));
    }
}

/// Bits from the middle: the tables use those of both ends.
fn shard(hash: u64) -> usize {
    (hash >> 32) as usize % SHARDS
}
