// The headers are C++ too: their declarations, macros and inline functions.
#include <menjie_ops.h>

#include <cstdio>

int main() {
  char *answer = nullptr;
  mj_status status = mj_echo("{\"value\":null}", &answer);
  mj_string_free(answer);
  bool good = status == MJ_OK && mj_visit_unpaid(nullptr, "{}", &answer) == MJ_UNKNOWN_OPERATION && mj_abi_version() >> 16 == MJ_ABI_VERSION >> 16;
  std::printf("%d passed, %d failed\n", good, !good);
  return good ? 0 : 1;
}
