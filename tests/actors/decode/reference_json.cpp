#include "tests/actors/decode/reference_json.hpp"

#include <cstdint>
#include <optional>

namespace sluice::decode {
namespace {

class checker {
 public:
  checker(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  bool document() {
    space();
    if (!value(0)) return false;
    space();
    return at_ == text_.size();
  }

 private:
  std::optional<unsigned char> look() const {
    if (at_ == text_.size()) return std::nullopt;
    return static_cast<unsigned char>(text_[at_]);
  }
  bool take(char c) {
    if (look() != static_cast<unsigned char>(c)) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void space() {
    while (take(' ') || take('\t') || take('\n') || take('\r')) {
    }
  }
  bool digits() {
    std::size_t count = 0;
    while (look() && *look() >= '0' && *look() <= '9') {
      ++at_;
      ++count;
    }
    return count > 0;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    return true;
  }
  std::optional<std::uint32_t> code_unit() {
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      const auto c = look();
      if (!c) return std::nullopt;
      ++at_;
      if (*c >= '0' && *c <= '9') {
        unit = unit * 16 + *c - '0';
      } else if (*c >= 'a' && *c <= 'f') {
        unit = unit * 16 + *c - 'a' + 10;
      } else if (*c >= 'A' && *c <= 'F') {
        unit = unit * 16 + *c - 'A' + 10;
      } else {
        return std::nullopt;
      }
    }
    return unit;
  }
  bool escape() {
    for (const char c : std::string_view("\"\\/bfnrt")) {
      if (take(c)) return true;
    }
    if (!take('u')) return false;
    const auto unit = code_unit();
    if (!unit || (*unit >= 0xdc00 && *unit < 0xe000)) return false;
    if (*unit < 0xd800 || *unit >= 0xe000) return true;
    if (!take("\\u")) return false;
    const auto second = code_unit();
    return second && *second >= 0xdc00 && *second < 0xe000;
  }
  bool multibyte() {
    const auto lead = static_cast<unsigned char>(text_[at_++]);
    int following = 0;
    std::uint32_t point = 0, smallest = 0;
    if ((lead & 0xe0) == 0xc0) {
      following = 1, point = lead & 0x1f, smallest = 0x80;
    } else if ((lead & 0xf0) == 0xe0) {
      following = 2, point = lead & 0x0f, smallest = 0x800;
    } else if ((lead & 0xf8) == 0xf0) {
      following = 3, point = lead & 0x07, smallest = 0x10000;
    } else {
      return false;
    }
    for (; following > 0; --following) {
      if (!look() || (*look() & 0xc0) != 0x80) return false;
      point = point << 6 | (*look() & 0x3f);
      ++at_;
    }
    return point >= smallest && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  }
  bool string() {
    if (!take('"')) return false;
    for (;;) {
      const auto c = look();
      if (!c || *c < 0x20) return false;
      if (*c >= 0x80) {
        if (!multibyte()) return false;
      } else {
        ++at_;
        if (*c == '"') return true;
        if (*c == '\\' && !escape()) return false;
      }
    }
  }
  bool object(std::size_t depth) {
    if (depth == max_depth_) return false;
    space();
    if (take('}')) return true;
    do {
      space();
      if (!string()) return false;
      space();
      if (!take(':') || !value(depth + 1)) return false;
      space();
    } while (take(','));
    return take('}');
  }
  bool array(std::size_t depth) {
    if (depth == max_depth_) return false;
    space();
    if (take(']')) return true;
    do {
      if (!value(depth + 1)) return false;
      space();
    } while (take(','));
    return take(']');
  }
  bool value(std::size_t depth) {
    space();
    if (look() == '"') return string();
    if (take('{')) return object(depth);
    if (take('[')) return array(depth);
    return take("true") || take("false") || take("null") || number();
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
};

}  // namespace

bool reference_is_json(std::string_view text, std::size_t max_depth) {
  return checker(text, max_depth).document();
}

}  // namespace sluice::decode
