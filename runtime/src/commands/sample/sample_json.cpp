#include "commands/sample/sample_json.h"

#include "base/format.h"
#include "base/json.h"

namespace sinter {

static std::string tokenJson(const Tokenizer &tokenizer, int32_t id, double logProbability) {
  const std::string bytes = tokenizer.decode(id);
  std::string json =
      formatted("\"id\":{},\"text\":{},\"logprob\":{:.9g}", id, jsonQuoted(bytes), JsonNumber{logProbability});
  if (findInvalidUtf8(bytes) == std::string_view::npos)
    return json;
  json += ",\"bytes\":[";
  for (size_t i = 0; i < bytes.size(); ++i)
    json += formatted("{}{}", i ? "," : "", int(static_cast<unsigned char>(bytes[i])));
  return json + "]";
}

std::string tokensJson(const Tokenizer &tokenizer, const std::vector<GeneratedToken> &tokens) {
  std::string json = "[";
  for (size_t i = 0; i < tokens.size(); ++i) {
    const GeneratedToken &token = tokens[i];
    json += formatted("{}{{{},\"top\":[", i ? "," : "", tokenJson(tokenizer, token.id, token.logProbability));
    for (size_t k = 0; k < token.top.size(); ++k)
      json += formatted("{}{{{}}}", k ? "," : "", tokenJson(tokenizer, token.top[k].first, token.top[k].second));
    json += "]}";
  }
  return json + "]";
}

std::string generatedJson(const Tokenizer &tokenizer, const Generated &result, bool told, bool searched) {
  std::string json = formatted("\"text\":{},\"finish\":\"{}\",\"tokens\":[", jsonQuoted(result.text),
                               result.stopped ? "stop"
                               : result.full  ? "context"
                                              : "length");
  for (size_t i = 0; i < result.tokens.size(); ++i)
    json += formatted("{}{}", i ? "," : "", result.tokens[i].id);
  json += "]";
  if (searched)
    json += formatted(",\"score\":{:.9g}", JsonNumber{result.score});
  if (told)
    json += ",\"logprobs\":" + tokensJson(tokenizer, result.tokens);
  return json;
}

} // namespace sinter
