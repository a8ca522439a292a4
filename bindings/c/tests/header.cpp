// The header is C++ too, and so are its texts and macros.
#include <menjie.h>

#include <cstdio>

int main() {
  char *answer = nullptr;
  mj_status status = mj_call(nullptr, "echo", "{\"value\":null}", &answer);
  mj_string_free(answer);
  bool good = status == MJ_OK && mj_abi_version() >> 16 == MJ_ABI_VERSION >> 16;
  std::printf("%d passed, %d failed\n", good, !good);
  return good ? 0 : 1;
}
