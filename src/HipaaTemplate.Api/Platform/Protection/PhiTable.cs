using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Reflection;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Search;

namespace HipaaTemplate.Platform.Protection;

/// <summary>What the attributes of an entity say, read once.</summary>
internal sealed class PhiTable
{
    private static readonly ConcurrentDictionary<Type, PhiTable> Known = new();

    private PhiTable(Type entity)
    {
        var table = entity.GetCustomAttribute<PhiTableAttribute>()
            ?? throw new PhiModelException($"{entity.Name} needs [PhiTable(number)].");
        Entity = entity;
        Number = table.Number;
        Class = table.Class;
        Columns = [.. entity.GetProperties().Where(IsPhi).Select(property => PhiColumn.Of(this, property))];
        FamilyName = Columns.SingleOrDefault(column => column.IsFamilyName);
        Indexes = [.. entity.GetCustomAttributes<BlindIndexAttribute>().Select(index => new BlindIndex(this, index))];
    }

    public Type Entity { get; }

    /// <summary>0 is the keys of patients themselves.</summary>
    public int Number { get; }

    public DataClass Class { get; }

    public IReadOnlyList<PhiColumn> Columns { get; }

    public IReadOnlyList<BlindIndex> Indexes { get; }

    /// <summary>Null where the rows have none of whom they are about.</summary>
    public PhiColumn? FamilyName { get; }

    /// <exception cref="PhiModelException">The attributes are not right.</exception>
    public static PhiTable Of(Type entity) => Known.GetOrAdd(entity, static type => new PhiTable(type));

    public static bool IsPhi(PropertyInfo property) =>
        property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(Phi<>);
}

/// <summary>A sealed column of a <see cref="PhiTable"/>.</summary>
internal sealed class PhiColumn
{
    private static readonly MethodInfo AccessorsOf =
        typeof(PhiColumn).GetMethod(nameof(MakeAccessors), BindingFlags.NonPublic | BindingFlags.Static)!;

    private PhiColumn(PhiTable table, PropertyInfo property, PhiColumnAttribute column)
    {
        Name = property.Name;
        Type = property.PropertyType.GetGenericArguments()[0];
        Number = column.Number;
        Bucket = column.Bucket;
        Normaliser = column.Normaliser;
        IsFamilyName = property.GetCustomAttribute<FamilyNameAttribute>() is not null;
        (Get, Set) = ((Func<PhiEntity, IPhi?>, Action<PhiEntity, IPhi>))AccessorsOf
            .MakeGenericMethod(property.DeclaringType!, property.PropertyType)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [property], null)!;
        var label = "hipaa/v1|enc|"u8;
        Info = new byte[label.Length + sizeof(int) + sizeof(int)];
        label.CopyTo(Info);
        BinaryPrimitives.WriteInt32BigEndian(Info.AsSpan(label.Length), table.Number);
        BinaryPrimitives.WriteInt32BigEndian(Info.AsSpan(label.Length + sizeof(int)), Number);
    }

    public string Name { get; }

    public Type Type { get; }

    public int Number { get; }

    public int Bucket { get; }

    /// <summary>How it is written before it is indexed.</summary>
    public Normaliser Normaliser { get; }

    public bool IsFamilyName { get; }

    public Func<PhiEntity, IPhi?> Get { get; }

    /// <summary>Past EF Core, to which a sealed value is the same as the one it was made of.</summary>
    public Action<PhiEntity, IPhi> Set { get; }

    /// <summary>For HKDF: the column's own key.</summary>
    public byte[] Info { get; }

    public static PhiColumn Of(PhiTable table, PropertyInfo property)
    {
        var column = property.GetCustomAttribute<PhiColumnAttribute>()
            ?? throw new PhiModelException($"{table.Entity.Name}.{property.Name} needs [PhiColumn(number)].");
        return column is { Number: > 0, Bucket: > 0 }
            ? new PhiColumn(table, property, column)
            : throw new PhiModelException($"{table.Entity.Name}.{property.Name}: numbers and buckets are 1 or more.");
    }

    private static (Func<PhiEntity, IPhi?> Get, Action<PhiEntity, IPhi> Set) MakeAccessors<TEntity, TPhi>(PropertyInfo property)
        where TEntity : PhiEntity
        where TPhi : class, IPhi
    {
        var get = property.GetMethod!.CreateDelegate<Func<TEntity, TPhi?>>();
        var set = (property.SetMethod
            ?? throw new PhiModelException($"{property.DeclaringType!.Name}.{property.Name} needs a setter; it may be private."))
            .CreateDelegate<Action<TEntity, TPhi>>();
        return (entity => get((TEntity)entity), (entity, value) => set((TEntity)entity, (TPhi)value));
    }
}

/// <summary>An entity with patients' data is declared in a way that would not protect it; the start is refused.</summary>
internal sealed class PhiModelException(string message) : InvalidOperationException(message);
