//! HTTP transport with deadlines, host allow-list and transfer log
