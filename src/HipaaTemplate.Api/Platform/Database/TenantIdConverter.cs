using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace HipaaTemplate.Platform.Database;

internal sealed class TenantIdConverter()
    : ValueConverter<TenantId, Guid>(id => id.Value, value => TenantId.From(value));
