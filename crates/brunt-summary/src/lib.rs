//! The end-of-test summary as text and JSON, and progress lines.
