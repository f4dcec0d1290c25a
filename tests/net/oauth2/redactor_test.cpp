// Goal: nothing is left of a secret in what a peer repeats. Method: each form that a peer may repeat it in.
#include "net/oauth2/redactor.hpp"

#include <gtest/gtest.h>

namespace sluice::net::oauth2 {
namespace {

struct repeated {
  const char* name;
  const char* secret;
  const char* said;
  const char* shown;
};

TEST(redactor, hides_every_form) {
  const repeated rows[] = {
      {"as it is", "s3cret", "no s3cret, s3cret", "no ***, ***"},
      {"base64", "s3cret", "Basic czNjcmV0", "Basic ***"},
      {"form", "a b/c", "secret=a+b%2Fc&x", "secret=***&x"},
      {"URL", "a b/c", "?a%20b%2fc", "?***"},
      {"JSON", "a/b\"c\\", R"({"x":"a\/b\"c\\"})", R"({"x":"***"})"},
      {"JSON with a slash as it is", "a/b\"c\\", R"({"x":"a/b\"c\\"})", R"({"x":"***"})"},
      {"base64 in JSON", "a?>a?>", R"("YT8\/YT8+ YT8+YT8+")", R"("YT8\/YT8+ ***")"},
      {"none", "", "nothing", "nothing"},
      {"a part of another one's form", "Y", "WQ== and Y", "*** and ***"},
  };
  for (const repeated& r : rows) {
    redactor hides;
    hides.hide(r.secret);
    EXPECT_EQ(hides.clean(r.said), r.shown) << r.name;
  }
}

TEST(redactor, hides_the_longer_one_whole) {
  redactor hides;
  hides.hide("abc");
  hides.hide("xabcx");
  EXPECT_EQ(hides.clean("xabcx abc"), "*** ***");
}

}  // namespace
}  // namespace sluice::net::oauth2
