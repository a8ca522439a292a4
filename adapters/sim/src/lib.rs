//! A hospital in a box: simulated HIS, WeChat Pay and invoice platform
